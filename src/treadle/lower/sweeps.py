"""Kernels whose iterations depend on each other: running sums and scattered additions.

Input: a `cumsum`, `scatter_add` or `scatter_add_along` node, whose operands are stored. Output: its kernel.
Results do not depend on the number of threads: whatever may collide is added by one thread, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from math import prod

from treadle.ir import Node
from treadle.loops import Accumulate, Expr, Index, Kind
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR
from treadle.lower.columns import BLOCK
from treadle.lower.emitter import Emitter, Indices
from treadle.lower.gather import clamped
from treadle.lower.nest import Operands
from treadle.lower.plan import KernelCall
from treadle.lower.storage import Storage

_WEIGHT = 4


class _Sweep:
    def __init__(self, node: Node, stored: Mapping[int, Storage], users: dict[int, int]) -> None:
        self.node = node
        self.stored = stored
        self.operands = Operands()
        self.emitter = Emitter(self._fetch, users)

    def _fetch(self, _emitter: Emitter, node: Node, indices: Indices) -> Expr | None:
        stored = self.stored.get(node.id)
        return None if stored is None else self.operands.load(stored, indices, node.type.dtype)

    def loops(self, stack: ExitStack, extents: tuple[int, ...], kind: Kind) -> Indices:
        return tuple(stack.enter_context(self.emitter.loop(extent, kind)) for extent in extents)

    def clear(self, indices: Indices) -> None:
        zero = literal(0, self.node.type.dtype)
        self.emitter.add(self.operands.store(self.stored[self.node.id], indices, zero))

    def add_to(self, indices: Indices, value: Expr) -> None:
        place = self.stored[self.node.id]
        before = self.operands.load(place, indices, self.node.type.dtype)
        self.emitter.add(self.operands.store(place, indices, SCALAR.add(before, value)))

    def finish(self) -> KernelCall:
        work = _WEIGHT * prod(self.node.inputs[0].type.static_shape())
        return self.operands.call(self.node.op, self.emitter.body, work, (self.node,))


def sweep_call(node: Node, stored: Mapping[int, Storage], users: dict[int, int]) -> KernelCall:
    """The kernel of a node with dependent iterations."""
    sweep = _Sweep(node, stored, users)
    _WRITERS[node.op](sweep)
    return sweep.finish()


def _cumsum(sweep: _Sweep) -> None:
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


def _scatter_add(sweep: _Sweep) -> None:
    """Threads share out the axes beside the scattered one; each adds all its updates in order."""
    updates, places = sweep.node.inputs
    axis, size = sweep.node.attrs["axis"], sweep.node.attrs["size"]
    shape, rank = updates.type.static_shape(), places.type.rank
    before, after = shape[:axis], shape[axis + rank :]
    with ExitStack() as stack:
        outer = sweep.loops(stack, before, Kind.PARALLEL)
        column = _column_blocks(sweep, stack, after)
        with sweep.emitter.loop(size, Kind.REDUCE) as row:
            column(lambda rest: sweep.clear((*outer, row, *rest)))
        with ExitStack() as serial:
            steps = sweep.loops(serial, shape[axis : axis + rank], Kind.SERIAL)
            place = clamped(sweep.emitter, sweep.emitter.value(places, steps), size)
            column(
                lambda rest: sweep.add_to(
                    (*outer, place, *rest), sweep.emitter.value(updates, (*outer, *steps, *rest))
                )
            )


def _column_blocks(
    sweep: _Sweep, stack: ExitStack, after: tuple[int, ...]
) -> Callable[[Callable[[Indices], None]], None]:
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


def _scatter_add_along(sweep: _Sweep) -> None:
    updates, places = sweep.node.inputs
    axis, size = sweep.node.attrs["axis"], sweep.node.attrs["size"]
    shape = updates.type.static_shape()
    with ExitStack() as stack:
        others = sweep.loops(stack, shape[:axis] + shape[axis + 1 :], Kind.PARALLEL)
        with sweep.emitter.loop(size, Kind.REDUCE) as row:
            sweep.clear((*others[:axis], row, *others[axis:]))
        with sweep.emitter.loop(shape[axis], Kind.SERIAL) as step:
            indices = (*others[:axis], step, *others[axis:])
            place = clamped(sweep.emitter, sweep.emitter.value(places, indices), size)
            sweep.add_to((*others[:axis], place, *others[axis:]), sweep.emitter.value(updates, indices))


_WRITERS = {"cumsum": _cumsum, "scatter_add": _scatter_add, "scatter_add_along": _scatter_add_along}
