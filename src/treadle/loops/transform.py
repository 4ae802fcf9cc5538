"""Rebuilding kernels: `map_statements` applies functions to indices, expressions and statements, inside
out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from treadle.loops.expr import Call, Expr, Guard, Load, Position
from treadle.loops.index import Index
from treadle.loops.kernel import Accumulate, Assign, For, If, Let, Statement, Store

IndexRule = Callable[[Index], Index]


def map_expr(expr: Expr, rule: IndexRule) -> Expr:
    """The expression with every index replaced by `rule(index)`."""
    if isinstance(expr, Position | Load):
        return replace(expr, index=rule(expr.index))
    if isinstance(expr, Call):
        return replace(expr, operands=tuple(map_expr(operand, rule) for operand in expr.operands))
    if isinstance(expr, Guard):
        parts = (map_expr(part, rule) for part in (expr.condition, expr.value, expr.otherwise))
        return Guard(*parts)
    return expr


def map_indices(statement: Statement, rule: IndexRule) -> Statement:
    """The statement with every index in it and inside it replaced by `rule(index)`; bounds of loops come
    first."""
    if isinstance(statement, For):
        start, stops = rule(statement.start), tuple(rule(stop) for stop in statement.stops)
        body = tuple(map_indices(inner, rule) for inner in statement.body)
        return replace(statement, start=start, stops=stops, body=body)
    if isinstance(statement, If):
        condition = map_expr(statement.condition, rule)
        return replace(
            statement, condition=condition, body=tuple(map_indices(s, rule) for s in statement.body)
        )
    if isinstance(statement, Store):
        return replace(statement, index=rule(statement.index), value=map_expr(statement.value, rule))
    if isinstance(statement, Let | Assign | Accumulate):
        return replace(statement, value=map_expr(statement.value, rule))
    return statement
