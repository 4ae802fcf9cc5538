"""The vocabulary of generated kernels: typed pointers, shares, and the scalar steps that Python cannot spell.

Input: calls in kernel source text. Output: LLVM instructions in place, no calls. Imported on a cache miss
only.

Alias rule: buffers from different slots must not overlap; then LLVM vectorises without run-time checks. An
output that overwrites an input in place must therefore use the input's slot. The `*_at` forms promise
nothing; a `*_part` is a share of its slot's memory. Floating point: kernels are compiled with contract and
nsz; `add` alone may be reassociated.
"""

# ruff: noqa: ARG001  (the parameters of an intrinsic are types; naming them is its signature)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import boolean, float32, float64, int8, int32, int64, types, uint8, uint32, uint64
from numba.core.extending import intrinsic
from numba.core.typing.templates import signature

from treadle.backends.numba_cpu.buffers import buffer_intrinsic, part_intrinsic, pointer_intrinsic
from treadle.backends.numba_cpu.halves import narrow, widen

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "add", "b8_at", "b8_buffer", "b8_part", "bf16_at", "bf16_buffer", "bf16_part", "boolean", "f16_at",
    "f16_buffer", "f16_part", "f32_at", "f32_bits", "f32_buffer", "f32_part", "f64_at", "f64_bits",
    "f64_buffer", "f64_part", "float32", "float64", "fma", "i8_at", "i8_buffer", "i32_at", "i32_buffer",
    "i32_part", "i64_at", "i64_buffer", "i64_part", "int8", "int32", "int64", "maximum", "minimum",
    "mulhi_u32", "round_bf16", "round_f16", "select", "share", "share_elements", "slots", "u8_at",
    "u8_buffer", "u8_part", "u32_at", "u32_buffer", "u64_at", "u64_buffer", "uint8", "uint32", "uint64",
]  # fmt: skip

_LINE = 16

f32_at, f32_buffer = pointer_intrinsic(float32), buffer_intrinsic(float32)
f64_at, f64_buffer = pointer_intrinsic(float64), buffer_intrinsic(float64)
i8_at, i8_buffer = pointer_intrinsic(int8), buffer_intrinsic(int8)
u8_at, u8_buffer = pointer_intrinsic(uint8), buffer_intrinsic(uint8)
i32_at, i32_buffer = pointer_intrinsic(int32), buffer_intrinsic(int32)
u32_at, u32_buffer = pointer_intrinsic(uint32), buffer_intrinsic(uint32)
i64_at, i64_buffer = pointer_intrinsic(int64), buffer_intrinsic(int64)
u64_at, u64_buffer = pointer_intrinsic(uint64), buffer_intrinsic(uint64)
b8_at, b8_buffer = pointer_intrinsic(boolean), buffer_intrinsic(boolean)
f16_at, f16_buffer = pointer_intrinsic("f16"), buffer_intrinsic("f16")
bf16_at, bf16_buffer = pointer_intrinsic("bf16"), buffer_intrinsic("bf16")
f32_part = part_intrinsic(float32)
f64_part = part_intrinsic(float64)
i64_part = part_intrinsic(int64)
i32_part = part_intrinsic(int32)
u8_part = part_intrinsic(uint8)
b8_part = part_intrinsic(boolean)
f16_part = part_intrinsic("f16")
bf16_part = part_intrinsic("bf16")
slots = i64_at


def _same_floats(*args: types.Type) -> bool:
    return isinstance(args[0], types.Float) and all(arg == args[0] for arg in args)


def _float_intrinsic(name: str, arity: int) -> Callable[..., Any]:
    """Make a function of `arity` floats of one type out of an overloaded LLVM intrinsic."""

    def typer(_context: Any, *args: Any) -> Any:
        if not _same_floats(*args):
            return None

        def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
            kind = values[0].type
            function = builder.module.declare_intrinsic(
                f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * arity)
            )
            return builder.call(function, values)

        return signature(args[0], *args), emit

    return _with_arity(typer, arity)


def _with_arity(typer: Callable[..., Any], arity: int) -> Callable[..., Any]:
    """Numba reads an intrinsic's parameters from its Python signature, so variadic typers need a fixed
    face."""
    if arity == 2:
        return intrinsic(lambda context, a, b: typer(context, a, b))  # noqa: PLW0108
    return intrinsic(lambda context, a, b, c: typer(context, a, b, c))  # noqa: PLW0108


maximum = _float_intrinsic("maximum", 2)
minimum = _float_intrinsic("minimum", 2)
fma = _float_intrinsic("fmuladd", 3)


@intrinsic
def add(_context: Any, a: types.Type, b: types.Type) -> Any:
    """Return a + b as a step of a sum that may be reordered, so that a loop of such steps vectorises."""
    if not _same_floats(a, b):
        return None

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
        return builder.fadd(*values, flags=("reassoc", "nsz", "contract"))

    return signature(a, a, b), emit


@intrinsic
def select(_context: Any, condition: types.Type, a: types.Type, b: types.Type) -> Any:
    """Return a where the condition holds, else b, without a branch; both are evaluated."""
    if condition != boolean or a != b:
        return None

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
        return builder.select(*values)

    return signature(a, condition, a, b), emit


def _rounding(dtype: str) -> Callable[..., Any]:
    """Make the function that rounds a float32 to what two bytes can hold."""

    def typer(_context: Any, x: types.Type) -> Any:
        def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
            return widen(builder, dtype, narrow(builder, dtype, values[0]))

        return signature(float32, float32), emit

    return intrinsic(typer)


round_f16, round_bf16 = _rounding("f16"), _rounding("bf16")


@intrinsic
def mulhi_u32(_context: Any, a: types.Type, b: types.Type) -> Any:
    """Return the high 32 bits of the 64-bit product of two uint32."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
        wide = [builder.zext(value, ir.IntType(64)) for value in values]
        return builder.trunc(builder.lshr(builder.mul(*wide), ir.IntType(64)(32)), ir.IntType(32))

    return signature(uint32, uint32, uint32), emit


@intrinsic
def f64_bits(_context: Any, bits: types.Type) -> Any:
    """Return the float64 whose bit pattern is the given int64."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
        return builder.bitcast(values[0], ir.DoubleType())

    return signature(float64, int64), emit


@intrinsic
def f32_bits(_context: Any, bits: types.Type) -> Any:
    """Return the float32 whose bit pattern is the low half of the given int64."""

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
        return builder.bitcast(builder.trunc(values[0], ir.IntType(32)), ir.FloatType())

    return signature(float32, int64), emit


@intrinsic
def share(_context: Any, n: types.Type, part: types.Type, parts: types.Type) -> Any:
    """Return where share `part` of n items begins; share(n, parts, parts) == n."""
    return signature(int64, int64, int64, int64), _emit_share


def _emit_share(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
    n, part, parts = values
    return builder.udiv(builder.mul(n, part), parts)


@intrinsic
def share_elements(_context: Any, n: types.Type, part: types.Type, parts: types.Type) -> Any:
    """As `share`, but shares begin at multiples of 16 elements, so that no two parts write one cache line."""

    def emit(target: Any, builder: ir.IRBuilder, sig: Any, values: list[ir.Value]) -> ir.Value:
        exact = _emit_share(target, builder, sig, values)
        aligned = builder.and_(exact, exact.type(-_LINE))
        return builder.select(builder.icmp_signed("==", values[1], values[2]), values[0], aligned)

    return signature(int64, int64, int64, int64), emit
