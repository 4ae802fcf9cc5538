"""The scalar builder: the closed set of functions that a target must be able to print.

An elementwise op gives its formula over this builder: `scalar=lambda s, x: s.mul(x, s.sigmoid(x))`.
Operands are expressions or Python numbers, which take the element type of the other operands.
"""

from __future__ import annotations

from collections.abc import Callable

from treadle.loops.expr import Call, Const, Expr
from treadle.types import DType

UNARY = frozenset(
    [
        "neg",
        "abs",
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "rsqrt",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sigmoid",
        "erf",
        "floor",
        "ceil",
        "round",
    ]
)
BINARY = frozenset(["add", "sub", "mul", "div", "pow", "maximum", "minimum", "mod", "floordiv", "atan2"])
COMPARISONS = frozenset(["lt", "le", "gt", "ge", "eq", "ne"])
LOGICAL = frozenset(["logical_and", "logical_or", "logical_not"])
TESTS = frozenset(["is_nan", "is_finite"])
RANDOM = frozenset(["random_uniform", "random_normal", "fold_in"])  # made by lowering, not by formulas

Operand = Expr | float | bool


class ScalarBuilder:
    """Makes expressions: one method per scalar function."""

    def __getattr__(self, name: str) -> Callable[..., Expr]:
        if name in UNARY or name in BINARY:
            return lambda *operands: call(name, *operands)
        if name in COMPARISONS or name in LOGICAL or name in TESTS:
            return lambda *operands: call(name, *operands, dtype=DType.BOOL)
        raise AttributeError(f"no scalar function is named {name!r}; the set is in loops/scalar.py")

    def reciprocal(self, x: Expr) -> Expr:
        return call("div", Const(1.0, x.dtype), x)

    def select(self, condition: Expr, a: Operand, b: Operand) -> Expr:
        """`a` where the condition holds, else `b`; both are evaluated."""
        first, second = typed((a, b))
        return Call("select", (condition, first, second), first.dtype)

    where = select

    def cast(self, x: Expr, dtype: DType) -> Expr:
        """The value in another element type; floats are truncated to integers, anything nonzero is true."""
        return x if x.dtype == dtype else Call("cast", (x,), dtype)

    def const(self, value: float) -> float:
        """A number that takes the element type of what it meets."""
        return value


def call(function: str, *operands: Operand, dtype: DType | None = None) -> Expr:
    """A function applied to operands of one element type, which is the result's unless `dtype` says
    otherwise."""
    values = typed(operands)
    return Call(function, values, dtype or values[0].dtype)


def typed(operands: tuple[Operand, ...]) -> tuple[Expr, ...]:
    """Operands as expressions: numbers become literals of the first expression's element type.

    Raises:
        TypeError: if all operands are numbers.
    """
    like = next((operand for operand in operands if not isinstance(operand, int | float)), None)
    if like is None:
        raise TypeError(f"a scalar function needs an operand with an element type, got {operands}")
    return tuple(literal(o, like.dtype) if isinstance(o, int | float) else o for o in operands)


def literal(value: float, dtype: DType) -> Const:
    """A number as a literal of an element type."""
    if dtype is DType.BOOL:
        return Const(bool(value), dtype)
    return Const(float(value) if dtype.is_float else int(value), dtype)
