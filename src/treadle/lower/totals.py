"""Accumulators of the reductions in one segment of a kernel.

Input: stages that reduce, and the elements they reduce. Output: statements before, in and after the loops.

Searches for a position compare NaN as infinity: exact rules for NaN cost four times as much where rows are
short, because processors have no such comparison. The difference shows only where a row holds an infinity
before its first NaN: then the infinity is found.
"""

from __future__ import annotations

from math import inf

from treadle.loops import Accumulate, Assign, Const, Expr, Index, Position
from treadle.loops.scalar import call, literal
from treadle.lower.access import SCALAR
from treadle.lower.emitter import Emitter, Indices
from treadle.lower.stage import ACCUMULATING, SEARCHING, Stage
from treadle.types import DType

_INT_LIMITS = {DType.I64: (-(2**63), 2**63 - 1), DType.I32: (-(2**31), 2**31 - 1), DType.U8: (0, 255)}
_FOUND_BY = {"argmax": "max", "argmin": "min"}


def neutral(op: str, dtype: DType) -> Const:
    """What an accumulation starts from."""
    if op in {"max", "min"}:
        low, high = (-inf, inf) if dtype.is_float else _INT_LIMITS[dtype]
        return literal(low if op == "max" else high, dtype)
    return literal(1 if op == "prod" else 0, dtype)


class Totals:
    """The accumulators of some stages; making it declares them in the loop that is open.

    In the innermost loop, `take` is called for each stage, then `write` once.
    """

    def __init__(self, emitter: Emitter, stages: list[Stage]) -> None:
        self._emitter = emitter
        self._best = {stage: emitter.mutable(_start(stage)) for stage in stages}
        self._places = {
            stage: emitter.mutable(Const(0, DType.I32)) for stage in stages if stage.node.op in SEARCHING
        }
        self._taken: dict[Stage, tuple[Expr, Index]] = {}

    def take(self, stage: Stage, value: Expr, axes: Indices) -> None:
        """Notes the element that a stage reduces in this iteration."""
        position = axes[stage.node.attrs["axis"]] if stage.node.op in SEARCHING else Index()
        self._taken[stage] = value, position

    def write(self) -> None:
        """Writes the accumulations."""
        named = {value: self._emitter.let(value) for value, _ in self._taken.values()}
        for stage, (value, position) in self._taken.items():
            if stage in self._places:
                self._search(stage, named[value], position)
            else:
                function = ACCUMULATING[stage.node.op]
                self._emitter.add(Accumulate(self._best[stage].name, function, named[value]))

    def result(self, stage: Stage) -> Expr:
        """The result of a stage, after the loops."""
        if stage in self._places:
            return SCALAR.cast(self._places[stage], stage.node.type.dtype)
        return self._best[stage]

    def _search(self, stage: Stage, value: Expr, position: Index) -> None:
        best, place = self._best[stage], self._places[stage]
        rival = self._emitter.let(_ordered(stage.node.op, value))
        wins = self._emitter.let_here(call(SEARCHING[stage.node.op], rival, best, dtype=DType.BOOL))
        here = SCALAR.cast(Position(position), DType.I32)
        self._emitter.add(Assign(place.name, SCALAR.select(wins, here, place)))
        self._emitter.add(Assign(best.name, SCALAR.select(wins, rival, best)))


def _start(stage: Stage) -> Const:
    op = stage.node.op
    return neutral(_FOUND_BY.get(op, op), stage.node.inputs[0].type.dtype)


def _ordered(op: str, value: Expr) -> Expr:
    """A value that compares: NaN becomes the infinity that wins."""
    if not value.dtype.is_float:
        return value
    return SCALAR.select(SCALAR.eq(value, value), value, inf if op == "argmax" else -inf)
