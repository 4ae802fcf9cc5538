"""Memory accesses, bits and selections of the device dialect, as LLVM code.

`load4` and its like move 4 (or 2) elements of any type at once: 16 bytes for 32-bit elements. The element
index must make the address a multiple of the moved size, at most 16 bytes. Non-goals: formulas
(`device_math.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
_WIDEST = 16  # bytes that one access can move
Values = list[ir.Value]


def _element_pointer(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> tuple[ir.Value, Any]:
    """The address of an element, and the element type; of a pointer or of an array in shared memory."""
    base, index = values[0], context.cast(builder, values[1], kinds[1], types.intp)
    if isinstance(kinds[0], types.Array):
        base = context.make_array(kinds[0])(context, builder, base).data
    return builder.gep(base, [index]), kinds[0].dtype


def _vector_pointer(
    context: Any, builder: ir.IRBuilder, kinds: Any, values: Any, width: int
) -> tuple[ir.Value, int]:
    pointer, element = _element_pointer(context, builder, kinds, values)
    plain = context.get_data_type(element)
    size = context.get_abi_sizeof(plain)
    target = ir.PointerType(ir.VectorType(plain, width), addrspace=pointer.type.addrspace)
    return builder.bitcast(pointer, target), min(width * size, _WIDEST)


def _loading(width: int) -> Any:
    def load(_context: Any, pointer: Any, index: Any) -> Any:
        result = types.UniTuple(pointer.dtype, width)

        def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
            address, alignment = _vector_pointer(context, builder, kinds.args, values, width)
            vector = builder.load(address, align=alignment)
            parts = [builder.extract_element(vector, _I32(lane)) for lane in range(width)]
            return context.make_tuple(builder, kinds.return_type, parts)

        return signature(result, pointer, index), emit

    return load


def _store_parts(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
    parts = [
        context.cast(builder, value, kind, kinds.args[0].dtype)
        for value, kind in zip(values[2:], kinds.args[2:], strict=True)
    ]
    address, alignment = _vector_pointer(context, builder, kinds.args, values, len(parts))
    vector: ir.Value = ir.Constant(address.type.pointee, ir.Undefined)
    for lane, part in enumerate(parts):
        vector = builder.insert_element(vector, part, _I32(lane))
    builder.store(vector, address, align=alignment)
    return context.get_dummy_value()


@intrinsic
def store4(_context: Any, pointer: Any, index: Any, v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    """Store four elements."""
    return signature(types.void, pointer, index, v0, v1, v2, v3), _store_parts


@intrinsic
def store2(_context: Any, pointer: Any, index: Any, v0: Any, v1: Any) -> Any:
    """Store two elements."""
    return signature(types.void, pointer, index, v0, v1), _store_parts


load4, load2 = intrinsic(_loading(4)), intrinsic(_loading(2))
shared_load4, shared_load2, shared_store4, shared_store2 = load4, load2, store4, store2


@intrinsic
def atomic_add(_context: Any, pointer: Any, index: Any, _value: Any) -> Any:
    """Add to an element; the value before. Float sums depend on the order: use it for integers."""

    def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Any) -> ir.Value:
        address, element = _element_pointer(context, builder, kinds.args, values)
        operation = "fadd" if isinstance(element, types.Float) else "add"
        return builder.atomic_rmw(operation, address, values[2], "monotonic")

    return signature(pointer.dtype, pointer, index, pointer.dtype), emit


@intrinsic
def select(_context: Any, condition: Any, a: Any, _b: Any) -> Any:
    """`a` where the condition holds, else `b`."""

    def emit(context: Any, builder: ir.IRBuilder, kinds: Any, values: Values) -> ir.Value:
        test = context.cast(builder, values[0], kinds.args[0], types.boolean)
        return builder.select(test, values[1], values[2])

    return signature(a, condition, a, a), emit


@intrinsic
def quotient(_context: Any, _number: Any, _magic: Any, _shift: Any) -> Any:
    """`_number // d` for 0 <= _number < 2^31, with `_magic` and `_shift` made from d (`division.py`)."""

    def emit(_target: Any, builder: ir.IRBuilder, _kinds: Any, values: Values) -> ir.Value:
        wide = builder.mul(builder.zext(values[0], _I64), builder.zext(values[1], _I64))
        return builder.trunc(builder.lshr(wide, builder.zext(values[2], _I64)), _I32)

    return signature(types.int32, types.int32, types.int32, types.int32), emit


@intrinsic
def mulhi_u32(_context: Any, _a: Any, _b: Any) -> Any:
    """The upper half of a product of 32-bit numbers."""

    def emit(_target: Any, builder: ir.IRBuilder, _kinds: Any, values: Values) -> ir.Value:
        wide = builder.mul(*(builder.zext(value, _I64) for value in values))
        return builder.trunc(builder.lshr(wide, _I64(32)), _I32)

    return signature(types.uint32, types.uint32, types.uint32), emit


def _converting(result: Any, argument: Any, convert: Callable[[ir.IRBuilder, ir.Value], ir.Value]) -> Any:
    def function(_context: Any, _value: Any) -> Any:
        def emit(_target: Any, builder: ir.IRBuilder, _kinds: Any, values: Values) -> ir.Value:
            return convert(builder, values[0])

        return signature(result, argument), emit

    return intrinsic(function)


def _assembly(
    builder: ir.IRBuilder, result: ir.Type, text: str, constraints: str, values: Values
) -> ir.Value:
    kind = ir.FunctionType(result, [value.type for value in values])
    return builder.call(ir.InlineAsm(kind, text, constraints), values)


float_bits = _converting(types.uint32, types.float32, lambda b, x: b.bitcast(x, _I32))
bits_float = _converting(types.float32, types.uint32, lambda b, x: b.bitcast(x, ir.FloatType()))
bf16_to_f32 = _converting(
    types.float32, types.uint16, lambda b, x: b.bitcast(b.shl(b.zext(x, _I32), _I32(16)), ir.FloatType())
)
f32_to_bf16 = _converting(
    types.uint16, types.float32, lambda b, x: _assembly(b, _I16, "cvt.rn.bf16.f32 $0, $1;", "=h,f", [x])
)
f16_to_f32 = _converting(
    types.float32, types.uint16, lambda b, x: _assembly(b, ir.FloatType(), "cvt.f32.f16 $0, $1;", "=f,h", [x])
)
f32_to_f16 = _converting(
    types.uint16, types.float32, lambda b, x: _assembly(b, _I16, "cvt.rn.f16.f32 $0, $1;", "=h,f", [x])
)


@intrinsic
def fma(_context: Any, a: Any, _b: Any, _c: Any) -> Any:
    """`a * b + c`, rounded once."""

    def emit(_target: Any, builder: ir.IRBuilder, _kinds: Any, values: Values) -> ir.Value:
        return builder.fma(*values)

    return signature(a, a, a, a), emit


def larger(b: ir.IRBuilder, x: ir.Value, y: ir.Value, name: str = "max", relation: str = ">") -> ir.Value:
    """The larger of two numbers (or the smaller); NaN if one of them is NaN."""
    if isinstance(x.type, ir.FloatType):
        return _assembly(b, x.type, f"{name}.NaN.f32 $0, $1, $2;", "=f,f,f", [x, y])
    if isinstance(x.type, ir.IntType):
        return b.select(b.icmp_signed(relation, x, y), x, y)
    takes = b.or_(b.fcmp_ordered(relation, x, y), b.fcmp_unordered("uno", x, x))
    return b.select(takes, x, y)


def _extreme(name: str, relation: str) -> Any:
    def function(_context: Any, a: Any, _b: Any) -> Any:
        def emit(_target: Any, builder: ir.IRBuilder, _kinds: Any, values: Values) -> ir.Value:
            return larger(builder, values[0], values[1], name, relation)

        return signature(a, a, a), emit

    return intrinsic(function)


maximum, minimum = _extreme("max", ">"), _extreme("min", "<")
__all__ = [
    "atomic_add", "bf16_to_f32", "bits_float", "f16_to_f32", "f32_to_bf16", "f32_to_f16", "float_bits", "fma",
    "load2", "load4", "maximum", "minimum", "mulhi_u32", "quotient", "select", "shared_load2", "shared_load4",
    "shared_store2", "shared_store4", "store2", "store4",
]  # fmt: skip
