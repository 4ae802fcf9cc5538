"""Elementary functions that generated kernels import: Numba faces of the formulas in formulas.py.

Input: float32 or float64 scalars in kernel source text. Output: instructions in place, no calls in float32,
so that LLVM vectorises loops of them. Accuracy and special cases: see formulas.py. Imported on a cache miss
only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import boolean, types
from numba.core.extending import intrinsic
from numba.core.typing.templates import signature

from treadle.backends.numba_cpu import formulas
from treadle.backends.numba_cpu.emit import Num

if TYPE_CHECKING:
    from collections.abc import Callable

    from llvmlite import ir

__all__ = [
    "absolute", "atan2", "ceil", "cos", "erf", "exp", "expm1", "floor", "isfinite", "isinf", "isnan",
    "log", "log1p", "power", "reciprocal", "round_even", "rsqrt", "sigmoid", "sign", "sin", "softplus",
    "sqrt", "tan", "tanh", "trunc",
]  # fmt: skip


def _face(formula: Callable[..., Any], result: types.Type | None, *args: types.Type) -> Any:
    if not isinstance(args[0], types.Float) or any(arg != args[0] for arg in args):
        return None

    def emit(_target: Any, builder: ir.IRBuilder, _signature: Any, values: list[ir.Value]) -> ir.Value:
        answer = formula(*(Num(builder, value) for value in values))
        return answer.value if isinstance(answer, Num) else answer

    return signature(result or args[0], *args), emit


def _unary(formula: Callable[[Num], Num]) -> Any:
    return intrinsic(lambda _context, x: _face(formula, None, x))


def _binary(formula: Callable[[Num, Num], Num]) -> Any:
    return intrinsic(lambda _context, x, y: _face(formula, None, x, y))


def _question(formula: Callable[[Num], ir.Value]) -> Any:
    return intrinsic(lambda _context, x: _face(formula, boolean, x))


exp, expm1, log, log1p = map(_unary, (formulas.exp, formulas.expm1, formulas.log, formulas.log1p))
sin, cos, tan, tanh = map(_unary, (formulas.sin, formulas.cos, formulas.tan, formulas.tanh))
sigmoid, softplus, erf = map(_unary, (formulas.sigmoid, formulas.softplus, formulas.erf))
sqrt, rsqrt, reciprocal = map(_unary, (formulas.sqrt, formulas.rsqrt, formulas.reciprocal))
floor, ceil, trunc, round_even = map(
    _unary, (formulas.floor, formulas.ceil, formulas.trunc, formulas.round_even)
)
absolute, sign = map(_unary, (formulas.absolute, formulas.sign))
power, atan2 = map(_binary, (formulas.power, formulas.atan2))
isnan, isinf, isfinite = map(_question, (formulas.isnan, formulas.isinf, formulas.isfinite))
