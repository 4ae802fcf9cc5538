"""Scattering on a machine with many lanes: the first update that names a row owns it.

Input: a node that combines updates with rows named by indices. Output: two kernels. The first writes what
stands in the rows before; in the second each update looks whether an earlier one names its row, and if none
does, combines all updates of the row in order. No lane writes what another one reads, so results are the same
in every run. Comparing all pairs of indices takes time that grows with the square of their number.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from treadle.ir import Node
from treadle.loops import Accumulate, Const, Expr, Index, Kind, Position
from treadle.loops.index import dot
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR, guarded_value
from treadle.lower.emitter import Indices
from treadle.lower.gather import clamped
from treadle.lower.storage import contiguous_strides
from treadle.lower.sweep import Sweep
from treadle.types import DType


def owners_kernel(sweep: Sweep, function: str, nothing: float) -> Sweep:
    """The second kernel, written into a sweep.

    Args:
        sweep: without loops.
        function: how `Accumulate` combines.
        nothing: what changes no result of the function.
    """
    *_, updates, places = sweep.node.inputs
    axis, rank = sweep.node.attrs["axis"], places.type.rank
    shape = updates.type.static_shape()
    steps = shape[axis : axis + rank]
    with ExitStack() as stack:
        outer = sweep.loops(stack, shape[:axis], Kind.PARALLEL)
        mine = sweep.loops(stack, steps, Kind.PARALLEL)
        row = _row(sweep, places, mine)
        earlier = _has_earlier(sweep, places, steps, mine, row)
        stack.enter_context(sweep.emitter.when(SCALAR.eq(earlier, 0)))
        rest = sweep.loops(stack, shape[axis + rank :], Kind.PARALLEL)
        target = (*outer, row, *rest)
        total = sweep.emitter.mutable(sweep.load(sweep.output, target))
        with ExitStack() as inner:
            others = sweep.loops(inner, steps, Kind.SERIAL)
            same = SCALAR.eq(Position(_row(sweep, places, others)), Position(row))
            otherwise = literal(nothing, updates.type.dtype)
            value = guarded_value(sweep.emitter, same, updates, (*outer, *others, *rest), otherwise)
            sweep.emitter.add(Accumulate(total.name, function, value))
        sweep.store(sweep.output, target, total)
    return sweep


def beginning(sweep: Sweep, write: Callable[[Indices], None]) -> Sweep:
    """The first kernel: `write` writes an element of the result."""
    with ExitStack() as stack:
        write(sweep.loops(stack, sweep.node.type.static_shape(), Kind.PARALLEL))
    return sweep


def _row(sweep: Sweep, places: Node, steps: Indices) -> Index:
    size = sweep.node.type.static_shape()[sweep.node.attrs["axis"]]
    return clamped(sweep.emitter, sweep.emitter.value(places, steps), size)


def _has_earlier(sweep: Sweep, places: Node, steps: tuple[int, ...], mine: Indices, row: Index) -> Expr:
    """1 if an earlier update names the same row, else 0."""
    found = sweep.emitter.mutable(Const(0, DType.I32))
    strides = contiguous_strides(steps)
    with ExitStack() as stack:
        others = sweep.loops(stack, steps, Kind.REDUCE)
        same = SCALAR.eq(Position(_row(sweep, places, others)), Position(row))
        earlier = SCALAR.lt(Position(dot(others, strides)), Position(dot(mine, strides)))
        both = SCALAR.cast(SCALAR.logical_and(same, earlier), DType.I32)
        sweep.emitter.add(Accumulate(found.name, "maximum", both))
    return found
