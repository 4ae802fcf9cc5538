"""Elementary functions of the device dialect as LLVM code, in float32 or float64 by the argument's type.

Most are libdevice's (NVIDIA's table: at most 2 ulp in float32, pow 4, 2 in float64). Own ones, in float32:
`sin`, `cos`, `tan` take no slow path with local memory: within 2 ulp (tan 4) for |x| < 1e5; above that the
absolute error grows up to about |x| * 2**-40. `sigmoid`, `softplus`, `rsqrt` and `reciprocal` round each of
their steps as the operations they are made of: at most 4 ulp. NaN and infinities come out as C99 says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.cuda import types
from numba.cuda.extending import intrinsic
from numba.cuda.typing import signature

from treadle.backends.numba_cuda.device_words import larger

_I32 = ir.IntType(32)
_SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)  # Cephes (S. Moshier, netlib), as is the next
_COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_HALF_PI = (-1.57079601, -3.13916473e-07, -5.39030253e-15)  # minus pi/2 in three parts (Cody and Waite)
Emit = Callable[..., ir.Value]


def call(b: ir.IRBuilder, single: str, double: str, *values: ir.Value) -> ir.Value:
    """The result of a function of libdevice, named without its prefix."""
    kind = values[0].type
    name = f"__nv_{single if isinstance(kind, ir.FloatType) else double}"
    function = b.module.globals.get(name)
    if function is None:
        function = ir.Function(b.module, ir.FunctionType(kind, [kind] * len(values)), name)
    return b.call(function, values)


def _unary(emit: Emit, result: Any = None) -> Any:
    def function(_context: Any, _x: Any) -> Any:
        def write(_target: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
            return emit(builder, values[0])

        return signature(result or _x, _x), write

    return intrinsic(function)


def _binary(emit: Emit) -> Any:
    def function(_context: Any, _x: Any, _y: Any) -> Any:
        def write(_target: Any, builder: ir.IRBuilder, _signature: Any, values: Any) -> ir.Value:
            return emit(builder, *values)

        return signature(_x, _x, _x), write

    return intrinsic(function)


def _library(name: str, single: str | None = None, double: str | None = None) -> Any:
    return _unary(lambda b, x: call(b, single or f"{name}f", double or name, x))


def _library_pair(name: str) -> Any:
    return _binary(lambda b, x, y: call(b, f"{name}f", name, x, y))


exp, expm1, log, log1p = map(_library, ("exp", "expm1", "log", "log1p"))
tanh, erf, floor, ceil, trunc = map(_library, ("tanh", "erf", "floor", "ceil", "trunc"))
sqrt, round_even, absolute = _library("sqrt", "fsqrt_rn", "dsqrt_rn"), _library("rint"), _library("fabs")
power, atan2, copysign = map(_library_pair, ("pow", "atan2", "copysign"))


def _const(x: ir.Value, value: float) -> ir.Constant:
    return ir.Constant(x.type, value)


def _negative(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return b.fsub(_const(x, -0.0), x)  # NVVM does not know the instruction fneg


def _absolute(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return call(b, "fabsf", "fabs", x)


def _exp(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return call(b, "expf", "exp", x)


def _sigmoid(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    one = _const(x, 1.0)
    return b.fdiv(one, b.fadd(one, _exp(b, _negative(b, x))))


def _softplus(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    tail = call(b, "log1pf", "log1p", _exp(b, _negative(b, _absolute(b, x))))
    return b.fadd(larger(b, x, _const(x, 0.0)), tail)


def _sign(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    zero = _const(x, 0.0)
    negative = b.select(b.fcmp_ordered("<", x, zero), _const(x, -1.0), x)
    return b.select(b.fcmp_ordered(">", x, zero), _const(x, 1.0), negative)


def _rsqrt(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return b.fdiv(_const(x, 1.0), call(b, "fsqrt_rn", "dsqrt_rn", x))


sigmoid, softplus, sign, rsqrt = map(_unary, (_sigmoid, _softplus, _sign, _rsqrt))
reciprocal = _unary(lambda b, x: b.fdiv(_const(x, 1.0), x))
isnan = _unary(lambda b, x: b.fcmp_unordered("uno", x, x), types.boolean)
isinf = _unary(lambda b, x: b.fcmp_ordered("==", _absolute(b, x), _const(x, math.inf)), types.boolean)
isfinite = _unary(lambda b, x: b.fcmp_ordered("<", _absolute(b, x), _const(x, math.inf)), types.boolean)


def _polynomial(b: ir.IRBuilder, x: ir.Value, coefficients: tuple[float, ...]) -> ir.Value:
    result: ir.Value = _const(x, coefficients[0])
    for coefficient in coefficients[1:]:
        result = b.fma(result, x, _const(x, coefficient))
    return result


def _quadrant(b: ir.IRBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return r and n with x = n*pi/2 + r, |r| <= pi/4, for a float32 x."""
    n = call(b, "rintf", "rint", b.fmul(x, _const(x, 2.0 / math.pi)))
    r = x
    for part in _HALF_PI:
        r = b.fma(n, _const(x, part), r)
    return r, call_to_int(b, n)


def call_to_int(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """The integer next to a float32, of any value for NaN and what is too large."""
    function = b.module.globals.get("__nv_float2int_rn")
    if function is None:
        function = ir.Function(b.module, ir.FunctionType(_I32, [ir.FloatType()]), "__nv_float2int_rn")
    return b.call(function, [x])


def _sine_of(b: ir.IRBuilder, r: ir.Value, n: ir.Value) -> ir.Value:
    """Return sin(r + n*pi/2) for |r| <= pi/4."""
    z = b.fmul(r, r)
    sine = b.fma(b.fmul(z, r), _polynomial(b, z, _SINE), r)
    cosine = b.fma(b.fmul(z, z), _polynomial(b, z, _COSINE), b.fma(z, _const(z, -0.5), _const(z, 1.0)))
    swap = b.icmp_signed("!=", b.and_(n, _I32(1)), _I32(0))
    flip = b.icmp_signed("!=", b.and_(n, _I32(2)), _I32(0))
    value = b.select(swap, cosine, sine)
    return b.select(flip, _negative(b, value), value)


def _sin(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    if not isinstance(x.type, ir.FloatType):
        return call(b, "", "sin", x)
    return b.select(b.fcmp_ordered("==", x, _const(x, 0.0)), x, _sine_of(b, *_quadrant(b, x)))


def _cos(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    if not isinstance(x.type, ir.FloatType):
        return call(b, "", "cos", x)
    r, n = _quadrant(b, x)
    return _sine_of(b, r, b.add(n, _I32(1)))


def _tan(b: ir.IRBuilder, x: ir.Value) -> ir.Value:
    if not isinstance(x.type, ir.FloatType):
        return call(b, "", "tan", x)
    return b.fdiv(_sin(b, x), _cos(b, x))


sin, cos, tan = map(_unary, (_sin, _cos, _tan))
