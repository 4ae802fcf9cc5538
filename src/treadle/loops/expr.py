"""Scalar expressions of the loop IR. Each knows its element type; none has side effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from treadle.loops.index import Index
from treadle.types import DType


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    value: float | bool
    dtype: DType

    def __hash__(self) -> int:
        return hash((repr(self.value), self.dtype))

    def __eq__(self, other: object) -> bool:
        """Literals are compared by their text, which keeps 0.0 and -0.0 apart and NaN equal to itself."""
        return isinstance(other, Const) and (repr(self.value), self.dtype) == (repr(other.value), other.dtype)


@dataclass(frozen=True, slots=True)
class Var:
    """A value bound by `Let`, or a loop variable (i64)."""

    name: str
    dtype: DType


@dataclass(frozen=True, slots=True)
class Position:
    """An affine index as an i64 value."""

    index: Index

    @property
    def dtype(self) -> DType:
        return DType.I64


@dataclass(frozen=True, slots=True)
class Load:
    """An element of a buffer, by the buffer's number in the kernel."""

    buffer: int
    index: Index
    dtype: DType


@dataclass(frozen=True, slots=True)
class Call:
    """A scalar intrinsic applied to values; the closed set is listed in `loops/scalar.py`."""

    function: str
    operands: tuple[Expr, ...]
    dtype: DType


@dataclass(frozen=True, slots=True)
class Guard:
    """`value` if `condition` holds, else `otherwise`; only the chosen one is evaluated, so its loads may be
    out of bounds when it is not chosen. (`Call("select", ...)` evaluates both.)"""

    condition: Expr
    value: Expr
    otherwise: Expr

    @property
    def dtype(self) -> DType:
        return self.value.dtype


Expr = Const | Var | Position | Load | Call | Guard


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside an expression."""
    if isinstance(expr, Call):
        return expr.operands
    if isinstance(expr, Guard):
        return (expr.condition, expr.value, expr.otherwise)
    return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and everything inside it, outer ones first."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def variables(expr: Expr) -> set[str]:
    """Names of all variables that a value depends on."""
    names: set[str] = set()
    for part in walk(expr):
        if isinstance(part, Var):
            names.add(part.name)
        elif isinstance(part, Position | Load):
            names.update(part.index.variables)
    return names
