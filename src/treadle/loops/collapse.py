"""Merging loops: two loops, one directly inside the other, become one where all indices allow it.

`for i in 0..a: for j in 0..b` becomes `for j in 0..a*b` if in every index the factor of i is b times that
of j (a tensor that is contiguous over both). Works on kernels under construction, whose sizes are numbers.
"""

from __future__ import annotations

from dataclasses import replace

from treadle.loops.expr import Expr, Load, Position, Var, walk
from treadle.loops.index import Index, number
from treadle.loops.kernel import For, If, Kind, Statement, Store, expressions, walk_statements
from treadle.loops.transform import map_indices

_MERGEABLE = {Kind.PARALLEL, Kind.REDUCE}


def collapse(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements with all loops merged that can be."""
    return tuple(_collapse(statement) for statement in body)


def _collapse(statement: Statement) -> Statement:
    if isinstance(statement, If):
        return replace(statement, body=collapse(statement.body))
    if not isinstance(statement, For):
        return statement
    loop = replace(statement, body=collapse(statement.body))
    while (merged := _merged(loop)) is not None:
        loop = merged
    return loop


def _merged(outer: For) -> For | None:
    if len(outer.body) != 1 or not isinstance(outer.body[0], For):
        return None
    inner = outer.body[0]
    if inner.kind is not outer.kind or inner.kind not in _MERGEABLE:
        return None
    if inner.extent is None or outer.extent is None or _used_as_value(inner, outer.variable, inner.variable):
        return None
    extent = number(inner.extent)
    indices = _indices(inner)
    if any(index.factor(outer.variable) != extent * index.factor(inner.variable) for index in indices):
        return None
    body = tuple(map_indices(s, lambda index: index.without(outer.variable)) for s in inner.body)
    return replace(inner, stops=(Index(number(outer.extent) * extent),), body=body)


def _indices(loop: For) -> list[Index]:
    found: list[Index] = []
    for statement in walk_statements(loop.body):
        if isinstance(statement, For):
            found.extend((statement.start, *statement.stops))
        if isinstance(statement, Store):
            found.append(statement.index)
        for expr in expressions(statement):
            found.extend(_expr_indices(expr))
    return found


def _expr_indices(expr: Expr) -> list[Index]:
    return [part.index for part in walk(expr) if isinstance(part, Load | Position)]


def _used_as_value(loop: For, *names: str) -> bool:
    return any(
        isinstance(part, Var) and part.name in names
        for statement in walk_statements(loop.body)
        for expr in expressions(statement)
        for part in walk(expr)
    )
