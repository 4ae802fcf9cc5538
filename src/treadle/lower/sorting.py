"""The kernel of `argsort`: a merge sort of each row, from runs of one element upwards.

Positions are merged from the result into scratch and copied back, ceil(log2 n) times; n log n steps in all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from treadle.loops import Assign, Expr, Index, Kind, Position, Var
from treadle.loops.index import variable_index
from treadle.lower.access import SCALAR
from treadle.lower.emitter import Indices
from treadle.lower.storage import Storage
from treadle.lower.sweep import Sweep
from treadle.types import DType


@dataclass
class _Row:
    """One row: its indices for a position along the sorted axis."""

    sweep: Sweep
    others: Indices
    axis: int
    size: int

    def at(self, place: Index) -> Indices:
        return (*self.others[: self.axis], place, *self.others[self.axis :])

    def is_before(self, first: Index, second: Index) -> Expr:
        """Whether an element may stay before a later one; NaN is the largest."""
        a, b = (self.sweep.emitter.let(self._element(place)) for place in (first, second))
        descending = self.sweep.node.attrs["descending"]
        ordered = SCALAR.ge(a, b) if descending else SCALAR.le(a, b)
        if not a.dtype.is_float:
            return ordered
        return SCALAR.logical_or(ordered, SCALAR.is_nan(a if descending else b))

    def _element(self, place: Index) -> Expr:
        return self.sweep.emitter.value(self.sweep.node.inputs[0], self.at(place))


def _argsort(sweep: Sweep) -> None:
    shape, axis = sweep.node.type.static_shape(), sweep.node.attrs["axis"]
    size = shape[axis]
    scratch = sweep.scratch(DType.I64, shape)
    with ExitStack() as stack:
        others = sweep.loops(stack, shape[:axis] + shape[axis + 1 :], Kind.PARALLEL)
        row = _Row(sweep, others, axis, size)
        with sweep.emitter.loop(size, Kind.SERIAL) as k:
            sweep.store(sweep.output, row.at(k), Position(k))
        if size > 1:
            _passes(row, scratch)


def _passes(row: _Row, scratch: Storage) -> None:
    """Runs of twice the length in each pass."""
    sweep = row.sweep
    width, _ = sweep.counter(1, row.size)
    with sweep.emitter.loop((row.size - 1).bit_length(), Kind.SERIAL):
        double = sweep.emitter.let_here(SCALAR.add(width, width))
        _merge(row, scratch, width, double)
        with sweep.emitter.loop(row.size, Kind.SERIAL) as k:
            sweep.store(sweep.output, row.at(k), sweep.load(scratch, row.at(k)))
        sweep.emitter.add(Assign(width.name, double))


def _merge(row: _Row, scratch: Storage, width: Var, double: Var) -> None:
    """Merges all pairs of neighbouring runs: takes the next position of the left or of the right one."""
    sweep, emitter, size = row.sweep, row.sweep.emitter, Position(Index(row.size))
    left, right, middle, end = (sweep.counter(0, row.size)[0] for _ in range(4))
    with emitter.loop(row.size, Kind.SERIAL) as k:
        step = emitter.let_here(Position(k))
        with emitter.when(SCALAR.ge(step, end)):  # the next pair of runs begins
            emitter.add(Assign(left.name, step))
            emitter.add(Assign(middle.name, SCALAR.minimum(SCALAR.add(step, width), size)))
            emitter.add(Assign(right.name, middle))
            emitter.add(Assign(end.name, SCALAR.minimum(SCALAR.add(step, double), size)))
        first, second = _candidate(row, left), _candidate(row, right)
        comes_first = row.is_before(variable_index(first.name), variable_index(second.name))
        is_last = SCALAR.ge(right, end)
        takes_left = SCALAR.logical_and(SCALAR.lt(left, middle), SCALAR.logical_or(is_last, comes_first))
        taken = emitter.let_here(takes_left)
        sweep.store(scratch, row.at(k), SCALAR.select(taken, first, second))
        emitter.add(Assign(left.name, SCALAR.select(taken, SCALAR.add(left, 1), left)))
        emitter.add(Assign(right.name, SCALAR.select(taken, right, SCALAR.add(right, 1))))


def _candidate(row: _Row, side: Var) -> Var:
    """The position at the head of a run; any other of the row if the run is used up."""
    emitter = row.sweep.emitter
    place = emitter.let_here(SCALAR.minimum(side, Position(Index(row.size - 1))))
    emitter.ranges[place.name] = (0, row.size - 1)
    position = emitter.let_here(row.sweep.load(row.sweep.output, row.at(variable_index(place.name))))
    emitter.ranges[position.name] = (0, row.size - 1)
    return position


SORTING: dict[str, Callable[[Sweep], None]] = {"argsort": _argsort}
