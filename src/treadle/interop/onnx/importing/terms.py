"""Terms: expressions of a spec, written as Python expressions.

`call("softmax", x, axis=-1) * 2 + y` is the syntax tree of `softmax(x, axis = -1) * 2 + y`; the printer adds
the brackets. Input: Python values and terms. Output: nodes of `treadle.frontend.ast`, without places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from treadle.frontend import ast
from treadle.source import Source
from treadle.types import Dim, DType
from treadle.types.dims import Apply, Atom

NOWHERE = Source("", "").span(0, 0)

Operand = Any  # a `Term`, or what `term` makes one of


@dataclass(frozen=True, eq=False)
class Term:
    """An expression; Python's operators make larger ones (`**` is the language's `^`, `&` its `and`)."""

    expr: ast.Expr

    def __add__(self, other: Operand) -> Term:
        return _binary("+", self, other)

    def __radd__(self, other: Operand) -> Term:
        return _binary("+", other, self)

    def __sub__(self, other: Operand) -> Term:
        return _binary("-", self, other)

    def __rsub__(self, other: Operand) -> Term:
        return _binary("-", other, self)

    def __mul__(self, other: Operand) -> Term:
        return _binary("*", self, other)

    def __rmul__(self, other: Operand) -> Term:
        return _binary("*", other, self)

    def __truediv__(self, other: Operand) -> Term:
        return _binary("/", self, other)

    def __rtruediv__(self, other: Operand) -> Term:
        return _binary("/", other, self)

    def __floordiv__(self, other: Operand) -> Term:
        return _binary("//", self, other)

    def __mod__(self, other: Operand) -> Term:
        return _binary("%", self, other)

    def __matmul__(self, other: Operand) -> Term:
        return _binary("@", self, other)

    def __pow__(self, other: Operand) -> Term:
        return _binary("^", self, other)

    def __rpow__(self, other: Operand) -> Term:
        return _binary("^", other, self)

    def __lt__(self, other: Operand) -> Term:
        return _binary("<", self, other)

    def __le__(self, other: Operand) -> Term:
        return _binary("<=", self, other)

    def __gt__(self, other: Operand) -> Term:
        return _binary(">", self, other)

    def __ge__(self, other: Operand) -> Term:
        return _binary(">=", self, other)

    def __and__(self, other: Operand) -> Term:
        return _binary("and", self, other)

    def __or__(self, other: Operand) -> Term:
        return _binary("or", self, other)

    def __neg__(self) -> Term:
        return Term(ast.Unary("-", self.expr, span=NOWHERE))

    def __invert__(self) -> Term:
        return Term(ast.Unary("not", self.expr, span=NOWHERE))

    def __getitem__(self, items: Any) -> Term:
        listed = items if isinstance(items, tuple) else (items,)
        return Term(ast.Index(self.expr, tuple(_item(item) for item in listed), span=NOWHERE))

    def __call__(self, *args: Operand, **named: Operand) -> Term:
        return Term(ast.Call(self.expr, _arguments(args, named), span=NOWHERE))

    def equals(self, other: Operand) -> Term:
        """`self == other`: Python's own operator says whether two terms are the same object."""
        return _binary("==", self, other)

    def differs(self, other: Operand) -> Term:
        """`self != other`."""
        return _binary("!=", self, other)

    def member(self, name: str) -> Term:
        """`self.name`."""
        return Term(ast.Attribute(self.expr, name, span=NOWHERE))


def name(text: str) -> Term:
    """A use of a name."""
    return Term(ast.Name(text, span=NOWHERE))


def call(function: str, *args: Operand, **named: Operand) -> Term:
    """`function(args, key = value)`; an argument that is None is left out."""
    return name(function)(*args, **named)


def term(value: Operand) -> Term:
    """A Python value as an expression: numbers, booleans, text, sizes, element types, lists of these."""
    if isinstance(value, Term):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Dim):
        return _dim(value)
    if isinstance(value, DType):
        return name(value.value)
    if isinstance(value, list | tuple | np.ndarray):
        return Term(ast.List(tuple(term(item).expr for item in value), span=NOWHERE))
    if isinstance(value, float) and not math.isfinite(value):
        return name("inf") - name("inf") if math.isnan(value) else name("inf") if value > 0 else -name("inf")
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return -term(-value)
    return Term(ast.Literal(value, span=NOWHERE))


def total(terms: Sequence[Operand]) -> Term:
    """The sum of one or more terms."""
    result = term(terms[0])
    for other in terms[1:]:
        result = result + other
    return result


def function(parameters: str, body: Operand) -> Term:
    """`fn(parameters) = body`; names apart by spaces."""
    named = tuple([ast.Parameter(name, None, None, span=NOWHERE) for name in parameters.split()])
    return Term(ast.Lambda(named, term(body).expr, span=NOWHERE))


def _binary(op: str, left: Operand, right: Operand) -> Term:
    return Term(ast.Binary(op, term(left).expr, term(right).expr, span=NOWHERE))


def _arguments(args: Sequence[Operand], named: dict[str, Operand]) -> tuple[ast.Argument, ...]:
    plain = [ast.Argument(None, term(value).expr, span=NOWHERE) for value in args if value is not None]
    keyed = [
        ast.Argument(key, term(value).expr, span=NOWHERE) for key, value in named.items() if value is not None
    ]
    return (*plain, *keyed)


def _item(item: Any) -> ast.Expr | ast.Slice | ast.Dots:
    if item is Ellipsis:
        return ast.Dots(span=NOWHERE)
    if isinstance(item, slice):
        start, stop, step = (
            None if part is None else term(part).expr for part in (item.start, item.stop, item.step)
        )
        return ast.Slice(start, stop, step, span=NOWHERE)
    return term(item).expr


def _dim(dim: Dim) -> Term:
    """A symbolic size as an expression over its names."""
    parts = [(_monomial(monomial), factor) for monomial, factor in dim.terms]
    parts.sort(key=lambda part: part[1] < 0)  # `N - 1` rather than `-1 + N`
    result: Term | None = None
    for factors, factor in parts:
        scaled = _scaled(factors, abs(factor))
        if result is None:
            result = -scaled if factor < 0 else scaled
        else:
            result = result - scaled if factor < 0 else result + scaled
    return term(0) if result is None else result


def _scaled(factors: list[Term], factor: int) -> Term:
    every = factors if factor == 1 and factors else [*factors, term(factor)]
    result = every[0]
    for other in every[1:]:
        result = result * other
    return result


def _monomial(monomial: tuple[Atom, ...]) -> list[Term]:
    return [_atom(atom) if isinstance(atom, Apply) else name(atom.name) for atom in monomial]


def _atom(atom: Apply) -> Term:
    if atom.function in {"min", "max"}:
        return call(atom.function, atom.left, atom.right)
    return _binary(atom.function, atom.left, atom.right)
