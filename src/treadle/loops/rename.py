"""Canonical names: loop variables i0, i1, ... and values v0, v1, ... in order of appearance."""

from __future__ import annotations

from dataclasses import replace

from treadle.loops.expr import Call, Expr, Guard, Load, Position, Var
from treadle.loops.index import Index
from treadle.loops.kernel import Accumulate, Assign, For, If, Let, Statement, Store


def rename_variables(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements with canonical names."""
    return _Renaming().statements(body)


class _Renaming:
    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.counts = {"i": 0, "v": 0}

    def bind(self, name: str, letter: str) -> str:
        self.names[name] = f"{letter}{self.counts[letter]}"
        self.counts[letter] += 1
        return self.names[name]

    def statements(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return tuple(self.statement(statement) for statement in body)

    def statement(self, statement: Statement) -> Statement:
        if isinstance(statement, For):
            start, stops = self.index(statement.start), tuple(map(self.index, statement.stops))
            name = self.bind(statement.variable, "i")
            return replace(
                statement, variable=name, start=start, stops=stops, body=self.statements(statement.body)
            )
        if isinstance(statement, If):
            return If(self.expr(statement.condition), self.statements(statement.body))
        if isinstance(statement, Let):
            value = self.expr(statement.value)
            return Let(self.bind(statement.name, "v"), value)
        if isinstance(statement, Assign | Accumulate):
            return replace(statement, name=self.names[statement.name], value=self.expr(statement.value))
        if isinstance(statement, Store):
            return replace(statement, index=self.index(statement.index), value=self.expr(statement.value))
        return statement

    def index(self, index: Index) -> Index:
        terms = sorted((self.names[name], factor) for name, factor in index.terms)
        return Index(index.offset, tuple(terms))

    def expr(self, expr: Expr) -> Expr:
        if isinstance(expr, Var):
            return Var(self.names[expr.name], expr.dtype)
        if isinstance(expr, Position | Load):
            return replace(expr, index=self.index(expr.index))
        if isinstance(expr, Call):
            return replace(expr, operands=tuple(map(self.expr, expr.operands)))
        if isinstance(expr, Guard):
            return Guard(self.expr(expr.condition), self.expr(expr.value), self.expr(expr.otherwise))
        return expr
