"""Numba types for typed pointers: `Buffer` knows its slot and tells LLVM that slots do not overlap.

Input: addresses in an int64 array. Output: pointers that generated kernels index with []; through pointers to
floats of two bytes kernels see float32.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import float32, int64, types
from numba.core.datamodel.models import PointerModel, PrimitiveModel
from numba.core.extending import intrinsic, lower_builtin, register_model
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

from treadle.backends.numba_cpu.halves import narrow, widen

if TYPE_CHECKING:
    from collections.abc import Callable

_SCOPED_SLOTS = 32


class Buffer(types.Type):  # type: ignore[misc]
    """A pointer to elements of one type, loaded from one slot of a kernel's meta array."""

    def __init__(self, element: types.Type, slot: int | None) -> None:
        """Make the type of pointers in `slot`; None promises nothing about overlap."""
        self.dtype = element
        self.slot = slot
        super().__init__(name=f"Buffer({element}, {slot})")


register_model(Buffer)(PointerModel)


@infer_global(operator.getitem)
class _BufferLoad(AbstractTemplate):  # type: ignore[misc]
    def generic(self, args: Any, _kws: Any) -> Any:
        buffer, index = args
        if isinstance(buffer, Buffer) and isinstance(index, types.Integer):
            return signature(buffer.dtype, buffer, types.intp)
        return None


@infer_global(operator.setitem)
class _BufferStore(AbstractTemplate):  # type: ignore[misc]
    def generic(self, args: Any, _kws: Any) -> Any:
        buffer, index, _value = args
        if isinstance(buffer, Buffer) and isinstance(index, types.Integer):
            return signature(types.none, buffer, types.intp, buffer.dtype)
        return None


@lower_builtin(operator.getitem, Buffer, types.intp)  # type: ignore[untyped-decorator]
def _load(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    buffer = sig.args[0]
    loaded = builder.load(builder.gep(args[0], [args[1]], inbounds=True))
    _mark_scope(builder.module, loaded, buffer.slot)
    return context.data_model_manager[buffer.dtype].from_data(builder, loaded)


@lower_builtin(operator.setitem, Buffer, types.intp, types.Any)  # type: ignore[untyped-decorator]
def _store(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    buffer = sig.args[0]
    data = context.data_model_manager[buffer.dtype].as_data(builder, args[2])
    stored = builder.store(data, builder.gep(args[0], [args[1]], inbounds=True))
    _mark_scope(builder.module, stored, buffer.slot)
    return context.get_dummy_value()


class HalfBuffer(Buffer):
    """A pointer to floats of two bytes, which are float32 as soon as they are loaded."""

    def __init__(self, dtype: str, slot: int | None) -> None:
        """Make the type of pointers to "f16" or "bf16" elements."""
        self.half = dtype
        super().__init__(float32, slot)
        self.name = f"HalfBuffer({dtype}, {slot})"


@register_model(HalfBuffer)
class _HalfPointer(PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, type_: Any) -> None:
        super().__init__(manager, type_, ir.IntType(16).as_pointer())


@lower_builtin(operator.getitem, HalfBuffer, types.intp)  # type: ignore[untyped-decorator]
def _load_half(_context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    buffer = sig.args[0]
    loaded = builder.load(builder.gep(args[0], [args[1]], inbounds=True))
    _mark_scope(builder.module, loaded, buffer.slot)
    return widen(builder, buffer.half, loaded)


@lower_builtin(operator.setitem, HalfBuffer, types.intp, types.Any)  # type: ignore[untyped-decorator]
def _store_half(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    buffer = sig.args[0]
    word = narrow(builder, buffer.half, args[2])
    stored = builder.store(word, builder.gep(args[0], [args[1]], inbounds=True))
    _mark_scope(builder.module, stored, buffer.slot)
    return context.get_dummy_value()


def _mark_scope(module: ir.Module, access: ir.Instruction, slot: int | None) -> None:
    if slot is None or slot >= _SCOPED_SLOTS:
        return
    domain = module.add_metadata(["treadle"])
    scopes = [module.add_metadata([f"slot {number}", domain]) for number in range(_SCOPED_SLOTS)]
    access.set_metadata("alias.scope", module.add_metadata([scopes[slot]]))
    access.set_metadata("noalias", module.add_metadata(scopes[:slot] + scopes[slot + 1 :]))


def _pointer(element: types.Type | str, slot: int | None) -> Buffer:
    return HalfBuffer(element, slot) if isinstance(element, str) else Buffer(element, slot)


def pointer_intrinsic(element: types.Type | str) -> Callable[..., Any]:
    """Return `at(address)`: a pointer of which nothing is promised."""

    def at(_context: Any, _address: types.Type) -> Any:
        result = _pointer(element, None)

        def emit(context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> ir.Value:
            return builder.inttoptr(args[0], context.get_value_type(result))

        return signature(result, int64), emit

    return intrinsic(at)


def part_intrinsic(element: types.Type | str) -> Callable[..., Any]:
    """Return `part(slots, literal slot, bytes)`: a pointer so far behind the one in that slot, which is one
    part's share of memory that overlaps no other slot's buffer."""

    def part(_context: Any, slots: types.Type, slot: types.Type, _bytes: types.Type) -> Any:
        if not isinstance(slot, types.IntegerLiteral):
            return None
        result = _pointer(element, slot.literal_value)

        def emit(context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> ir.Value:
            address = builder.load(builder.gep(args[0], [ir.IntType(64)(result.slot)], inbounds=True))
            return builder.inttoptr(builder.add(address, args[2]), context.get_value_type(result))

        return signature(result, slots, slot, int64), emit

    return intrinsic(prefer_literal=True)(part)


def buffer_intrinsic(element: types.Type | str) -> Callable[..., Any]:
    """Return `buffer(slots, literal slot)`: the pointer in that slot, which overlaps no other slot's
    buffer."""

    def buffer(_context: Any, slots: types.Type, slot: types.Type) -> Any:
        if not isinstance(slot, types.IntegerLiteral):
            return None
        result = _pointer(element, slot.literal_value)

        def emit(context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> ir.Value:
            address = builder.load(builder.gep(args[0], [ir.IntType(64)(result.slot)], inbounds=True))
            return builder.inttoptr(address, context.get_value_type(result))

        return signature(result, slots, slot), emit

    return intrinsic(prefer_literal=True)(buffer)
