"""What the driver alone needs: calls through addresses, atomics, sleeping and waking, the floating-point
mode.

Input: calls in the driver's source text. Output: LLVM instructions. Imported on a cache miss only.
"""

# ruff: noqa: ARG001  (the parameters of an intrinsic are types; naming them is its signature)

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import int64, types, void
from numba.core.extending import intrinsic
from numba.core.typing.templates import signature

__all__ = [
    "call_kernel", "enter_float_mode", "fetch_add", "futex", "leave_float_mode", "load_acquire", "pause",
    "store_release", "yield_processor",
]  # fmt: skip

_I32, _I64 = ir.IntType(32), ir.IntType(64)
_FLUSH_DENORMALS = 0x8040
"""Bits FTZ and DAZ of the MXCSR register."""


def _word(builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
    return builder.inttoptr(address, _I64.as_pointer())


def _external(builder: ir.IRBuilder, name: str, face: ir.FunctionType) -> ir.Function:
    return builder.module.globals.get(name) or ir.Function(builder.module, face, name)


def _is_x86(builder: ir.IRBuilder) -> bool:
    return str(builder.module.triple).startswith(("x86", "i686"))


@intrinsic
def load_acquire(_context: Any, address: types.Type) -> Any:
    """Return the int64 at an address, before any later access."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        return builder.load_atomic(_word(builder, args[0]), "acquire", 8, typ=_I64)

    return signature(int64, int64), emit


@intrinsic
def store_release(_context: Any, address: types.Type, value: types.Type) -> Any:
    """Store an int64 after all earlier accesses."""

    def emit(target: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        builder.store_atomic(args[1], _word(builder, args[0]), "release", 8)
        return target.get_dummy_value()

    return signature(void, int64, int64), emit


@intrinsic
def fetch_add(_context: Any, address: types.Type, value: types.Type) -> Any:
    """Add to the int64 at an address and return what was there, in one step that all threads agree on."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        return builder.atomic_rmw("add", _word(builder, args[0]), args[1], "seq_cst")

    return signature(int64, int64, int64), emit


@intrinsic
def pause(_context: Any) -> Any:
    """Tell the processor that this is a waiting loop."""

    def emit(target: Any, builder: ir.IRBuilder, _signature: Any, _args: Any) -> ir.Value:
        if _is_x86(builder):
            builder.call(_external(builder, "llvm.x86.sse2.pause", ir.FunctionType(ir.VoidType(), [])), [])
        return target.get_dummy_value()

    return signature(void), emit


@intrinsic
def yield_processor(_context: Any) -> Any:
    """Let another thread run, for waits longer than a kernel should take."""

    def emit(target: Any, builder: ir.IRBuilder, _signature: Any, _args: Any) -> ir.Value:
        builder.call(_external(builder, "sched_yield", ir.FunctionType(_I32, [])), [])
        return target.get_dummy_value()

    return signature(void), emit


@intrinsic
def futex(
    _context: Any, number: types.Type, address: types.Type, operation: types.Type, value: types.Type
) -> Any:
    """Linux futex on the low half of an int64: `number` is the system call's, it differs by architecture."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        function = _external(builder, "syscall", ir.FunctionType(_I64, [_I64] * 5))
        return builder.call(function, [*args, _I64(0)])

    return signature(int64, int64, int64, int64, int64), emit


@intrinsic
def call_kernel(
    _context: Any, kernel: types.Type, meta: types.Type, part: types.Type, parts: types.Type
) -> Any:
    """Call the kernel at an address."""

    def emit(target: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        face = ir.FunctionType(ir.VoidType(), [_I64] * 3)
        builder.call(builder.inttoptr(args[0], face.as_pointer()), args[1:])
        return target.get_dummy_value()

    return signature(void, int64, int64, int64, int64), emit


def _control_register(builder: ir.IRBuilder, instruction: str, cell: ir.Value) -> None:
    pointer = ir.IntType(8).as_pointer()
    face = ir.FunctionType(ir.VoidType(), [pointer])
    function = _external(builder, f"llvm.x86.sse.{instruction}", face)
    builder.call(function, [builder.bitcast(cell, pointer)])


@intrinsic
def enter_float_mode(_context: Any) -> Any:
    """Flush denormals from now on in this thread; return the previous mode."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, _args: Any) -> ir.Value:
        if not _is_x86(builder):
            return _I64(0)
        cell = builder.alloca(_I32)
        _control_register(builder, "stmxcsr", cell)
        before = builder.load(cell)
        builder.store(builder.or_(before, _I32(_FLUSH_DENORMALS)), cell)
        _control_register(builder, "ldmxcsr", cell)
        return builder.zext(before, _I64)

    return signature(int64), emit


@intrinsic
def leave_float_mode(_context: Any, mode: types.Type) -> Any:
    """Go back to the mode that `enter_float_mode` returned."""

    def emit(target: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
        if _is_x86(builder):
            cell = builder.alloca(_I32)
            builder.store(builder.trunc(args[0], _I32), cell)
            _control_register(builder, "ldmxcsr", cell)
        return target.get_dummy_value()

    return signature(void, int64), emit
