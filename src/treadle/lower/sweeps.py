"""Kernels whose iterations depend on each other: running sums, what is scattered, and by table the others.

Input: a node such as `cumsum` or `scatter_add`, whose operands are stored. Output: its kernel. Results do not
depend on the number of threads: whatever may collide is combined by one thread, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf

from treadle.ir import Node
from treadle.loops import Accumulate, Expr, Index, Kind
from treadle.loops.scalar import call, literal
from treadle.lower.columns import BLOCK
from treadle.lower.context import Context
from treadle.lower.emitter import Indices
from treadle.lower.gather import clamped
from treadle.lower.owners import beginning, owners_kernel
from treadle.lower.plan import Call
from treadle.lower.sorting import SORTING
from treadle.lower.storage import Storage
from treadle.lower.sweep import Sweep
from treadle.lower.systems import SYSTEMS
from treadle.types import DType


def sweep_calls(
    node: Node, stored: Mapping[int, Storage], users: dict[int, int], context: Context
) -> list[Call]:
    """The kernels of a node with dependent iterations."""

    def sweep() -> Sweep:
        return Sweep(node, stored, users, context.tensor)

    if context.target.lanes and node.op in _SENDS:
        return [written.finish() for written in _owned(sweep, _SENDS[node.op])]
    one = sweep()
    _WRITERS[node.op](one)
    return [one.finish()]


def _owned(sweep: Callable[[], Sweep], combine: _Combine) -> list[Sweep]:
    """The kernels for lanes: what stands there before, then each row by the first update that names it."""
    first, second = sweep(), sweep()
    base = first.node.inputs[0] if first.node.op == "scatter_add_into" else None
    second = owners_kernel(second, combine.name, combine.neutral(first.node.type.dtype))
    if base is None:
        return [beginning(first, lambda indices: combine.clear(first, indices)), second]
    if first.stored.get(base.id) == first.output:
        return [second]
    return [beginning(first, lambda indices: _copy(first, base, indices)), second]


def _cumsum(sweep: Sweep) -> None:
    node = sweep.node
    shape, axis = node.type.static_shape(), node.attrs["axis"]
    with ExitStack() as stack:
        others = sweep.loops(stack, shape[:axis] + shape[axis + 1 :], Kind.PARALLEL)
        total = sweep.emitter.mutable(literal(0, node.type.dtype))
        with sweep.emitter.loop(shape[axis], Kind.SERIAL) as step:
            place = Index(shape[axis] - 1).plus(step, -1) if node.attrs["reverse"] else step
            indices = (*others[:axis], place, *others[axis:])
            value = sweep.emitter.value(node.inputs[0], indices)
            sweep.emitter.add(Accumulate(total.name, "add", value))
            sweep.emitter.add(sweep.operands.store(sweep.stored[node.id], indices, total))


@dataclass(frozen=True)
class _Combine:
    """How what is sent to the same place is combined, and what stands there before."""

    name: str  # of the function
    start: float
    least: int = 0  # the start of integers

    def neutral(self, dtype: DType) -> float:
        """What stands there before."""
        return self.start if dtype.is_float else self.least

    def clear(self, sweep: Sweep, indices: Indices) -> None:
        sweep.fill(indices, self.neutral(sweep.node.type.dtype))

    def into(self, sweep: Sweep, indices: Indices, value: Expr) -> None:
        before = sweep.operands.load(sweep.output, indices, sweep.node.type.dtype)
        sweep.store(sweep.output, indices, call(self.name, before, value))


_ADD = _Combine("add", 0.0)
_MAXIMUM = _Combine("maximum", -inf, -(2**63))


def _scatter(combine: _Combine) -> Callable[[Sweep], None]:
    """Threads share out the axes beside the scattered one; each handles all its updates in order."""

    def write(sweep: Sweep) -> None:
        updates, places = sweep.node.inputs
        axis, size = sweep.node.attrs["axis"], sweep.node.attrs["size"]
        shape, rank = updates.type.static_shape(), places.type.rank
        with ExitStack() as stack:
            outer = sweep.loops(stack, shape[:axis], Kind.PARALLEL)
            column = _column_blocks(sweep, stack, shape[axis + rank :])
            with sweep.emitter.loop(size, Kind.REDUCE) as row:
                column(lambda rest: combine.clear(sweep, (*outer, row, *rest)))
            _send(sweep, combine, outer, column)

    return write


def _scatter_add_into(sweep: Sweep) -> None:
    """Rows that no index names are not even looked at, if the result takes the place of the base."""
    base = sweep.node.inputs[0]
    axis = sweep.node.attrs["axis"]
    shape = base.type.static_shape()
    with ExitStack() as stack:
        outer = sweep.loops(stack, shape[:axis], Kind.PARALLEL)
        column = _column_blocks(sweep, stack, shape[axis + 1 :])
        if sweep.stored.get(base.id) != sweep.output:
            with sweep.emitter.loop(shape[axis], Kind.REDUCE) as row:
                column(lambda rest: _copy(sweep, base, (*outer, row, *rest)))
        _send(sweep, _ADD, outer, column)


def _copy(sweep: Sweep, source: Node, indices: Indices) -> None:
    sweep.store(sweep.output, indices, sweep.emitter.value(source, indices))


def _send(sweep: Sweep, combine: _Combine, outer: Indices, column: _Columns) -> None:
    """Combines each update with what its index names."""
    *_, updates, places = sweep.node.inputs
    axis, rank = sweep.node.attrs["axis"], places.type.rank
    size = sweep.node.type.static_shape()[axis]
    with ExitStack() as serial:
        steps = sweep.loops(serial, updates.type.static_shape()[axis : axis + rank], Kind.SERIAL)
        place = clamped(sweep.emitter, sweep.emitter.value(places, steps), size)
        column(
            lambda rest: combine.into(
                sweep, (*outer, place, *rest), sweep.emitter.value(updates, (*outer, *steps, *rest))
            )
        )


_Columns = Callable[[Callable[[Indices], None]], None]


def _column_blocks(sweep: Sweep, stack: ExitStack, after: tuple[int, ...]) -> _Columns:
    """Opens a loop over blocks of the last axis; what it returns loops over a block and the axes before
    it."""
    if not after:
        return lambda write: write(())
    last = after[-1]
    block = stack.enter_context(sweep.emitter.loop(-(-last // BLOCK), Kind.PARALLEL))

    def columns(write: Callable[[Indices], None]) -> None:
        start = block.times(BLOCK)
        stops = (start.plus(BLOCK), Index(last)) if last > BLOCK else (Index(last),)
        with ExitStack() as inner:
            middle = sweep.loops(inner, after[:-1], Kind.REDUCE)
            with sweep.emitter.range(start, stops, (0, last - 1), Kind.PARALLEL) as column:
                write((*middle, column))

    return columns


def _scatter_along(combine: _Combine) -> Callable[[Sweep], None]:
    def write(sweep: Sweep) -> None:
        updates, places = sweep.node.inputs
        axis, size = sweep.node.attrs["axis"], sweep.node.attrs["size"]
        shape = updates.type.static_shape()
        with ExitStack() as stack:
            others = sweep.loops(stack, shape[:axis] + shape[axis + 1 :], Kind.PARALLEL)
            with sweep.emitter.loop(size, Kind.REDUCE) as row:
                combine.clear(sweep, (*others[:axis], row, *others[axis:]))
            with sweep.emitter.loop(shape[axis], Kind.SERIAL) as step:
                indices = (*others[:axis], step, *others[axis:])
                place = clamped(sweep.emitter, sweep.emitter.value(places, indices), size)
                target = (*others[:axis], place, *others[axis:])
                combine.into(sweep, target, sweep.emitter.value(updates, indices))

    return write


_SENDS = {"scatter_add": _ADD, "scatter_add_into": _ADD, "scatter_max": _MAXIMUM}
_WRITERS: dict[str, Callable[[Sweep], None]] = {
    "cumsum": _cumsum,
    "scatter_add": _scatter(_ADD),
    "scatter_add_along": _scatter_along(_ADD),
    "scatter_add_into": _scatter_add_into,
    "scatter_max": _scatter(_MAXIMUM),
    "scatter_max_along": _scatter_along(_MAXIMUM),
    **SORTING,
    **SYSTEMS,
}
