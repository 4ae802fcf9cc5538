"""From a group of stages to a kernel: the loops, the accumulators, the stores.

Input: a group and where its results and operands are stored. Output: a `KernelCall`. Non-goals: choosing
what is fused (`fuse.py`), which loops become threads or vectors (a backend's schedule).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from math import prod

from treadle.ir import Node
from treadle.loops import (
    BufferParam,
    Expr,
    Index,
    Kind,
    Load,
    Statement,
    Store,
)
from treadle.loops.abstract import abstract_sizes
from treadle.loops.collapse import collapse
from treadle.loops.index import dot
from treadle.loops.unroll import unroll_small
from treadle.lower.access import SCALAR
from treadle.lower.emitter import Emitter, Indices
from treadle.lower.fuse import Group
from treadle.lower.plan import KernelCall, Operand
from treadle.lower.segments import Segment, crossing, inner_loops, segments
from treadle.lower.stage import Stage
from treadle.lower.storage import Buffer, Storage, whole
from treadle.lower.totals import Totals
from treadle.types import DType

LINE = 16  # elements; threads' scratch begins at multiples of it


class Operands:
    """The buffers of a kernel under construction, numbered in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[Operand, int] = {}
        self._written: set[int] = set()
        self._scratch: dict[int, int] = {}

    def number(self, storage: Storage, *, written: bool = False) -> int:
        """The number of a storage's buffer; equal buffers share one, because different ones must not
        overlap."""
        number = self._numbers.setdefault(Operand(storage.buffer, storage.moves), len(self._numbers))
        if written:
            self._written.add(number)
        return number

    def scratch(self, storage: Storage, stride: int) -> int:
        """The number of a buffer of which each thread has a part of `stride` elements."""
        number = self.number(storage, written=True)
        self._scratch[number] = stride
        return number

    def load(self, storage: Storage, indices: Indices, dtype: DType) -> Expr:
        """An element of a stored tensor."""
        index = dot(indices, storage.strides, storage.offset)
        return SCALAR.cast(Load(self.number(storage), index, storage.buffer.dtype), dtype)

    def store(self, storage: Storage, indices: Indices, value: Expr) -> Store:
        """The statement that writes an element."""
        index = dot(indices, storage.strides, storage.offset)
        return Store(self.number(storage, written=True), index, SCALAR.cast(value, storage.buffer.dtype))

    def call(self, name: str, body: tuple[Statement, ...], work: int, nodes: tuple[Node, ...]) -> KernelCall:
        """The finished kernel with its operands."""
        params = tuple(
            BufferParam(operand.buffer.dtype, number in self._written, self._scratch.get(number))
            for operand, number in self._numbers.items()
        )
        kernel, sizes = abstract_sizes(name, params, unroll_small(collapse(body)))
        return KernelCall(kernel, tuple(self._numbers), sizes, work, nodes)


class Nest:
    """Writes the loops of one group.

    Args:
        group: what to compute.
        stored: storage of each node outside of the group that it reads, and of each of its results that is
        kept.
        local: makes scratch, given the number of elements of each thread, for rows that only this kernel
        needs.
        users: how many nodes use each node.
    """

    def __init__(
        self,
        group: Group,
        stored: Mapping[int, Storage],
        local: Callable[[DType, int], Buffer],
        users: dict[int, int],
    ) -> None:
        self.group = group
        self.stored = stored
        self.local = local
        self.operands = Operands()
        self.emitter = Emitter(self._fetch, users)
        self.rows: dict[str, Index] = {}
        self.scratch: dict[int, Storage] = {}
        self.made = {stage.node.id for stage in group.stages}
        self.row_depth = 0

    def call(self) -> KernelCall:
        """The kernel of the group."""
        parts = segments(self.group)
        self._allocate_scratch(parts)
        with ExitStack() as loops:
            for row in self.group.rows:
                self.rows[row.name] = loops.enter_context(self.emitter.loop(row.extent, Kind.PARALLEL))
            self.row_depth = self.emitter.open_loops
            for part in parts:
                self._segment(part)
        stages = self.group.stages
        nodes = tuple(dict.fromkeys(stage.node for stage in stages))
        name = "_".join(dict.fromkeys(node.op for node in nodes[-3:]))
        return self.operands.call(name, self.emitter.body, sum(stage.work for stage in stages), nodes)

    def _allocate_scratch(self, parts: list[Segment]) -> None:
        needed = crossing(self.group, parts) - set(self.stored)
        for stage in self.group.stages:
            if stage.node.id in needed:
                shape = self._row_shape(stage)
                stride = -(-prod(shape) // LINE) * LINE
                buffer = self.local(stage.node.type.dtype, stride)
                self.scratch[stage.node.id] = whole(buffer, shape)
                self.operands.scratch(self.scratch[stage.node.id], stride)

    def _row_shape(self, stage: Stage) -> tuple[int, ...]:
        """The part of a result that belongs to one row; an axis shared by rows and inner loops counts in
        full."""
        inner = {loop.name for loop in self.group.inner(stage)}
        shape = stage.node.type.static_shape()
        return tuple(n if inner & set(i.variables) else 1 for n, i in zip(shape, stage.position, strict=True))

    def _fetch(self, emitter: Emitter, node: Node, indices: Indices) -> Expr | None:
        """An element in memory; one that this kernel writes is read in the row that writes it, even if its
        place is the same in all rows."""
        if node.id in self.scratch:
            storage = self.scratch[node.id]
            value = self.operands.load(storage, within_row(storage, indices), node.type.dtype)
        elif node.id in self.stored:
            value = self.operands.load(self.stored[node.id], indices, node.type.dtype)
        else:
            return None
        return emitter.let(value, self.row_depth) if node.id in self.made else value

    def _segment(self, segment: Segment) -> None:
        kept = len(segment.extents) - (segment.reduced or 0)
        with ExitStack() as outer:
            loops = [self._open(outer, extent, Kind.PARALLEL) for extent in segment.extents[:kept]]
            totals = Totals(self.emitter, [stage for stage in segment.stages if stage.reduces])
            with ExitStack() as inner:
                loops += [self._open(inner, extent, Kind.REDUCE) for extent in segment.extents[kept:]]
                for stage in segment.stages:
                    axes = self._place(stage, loops)
                    value = stage.element(self.emitter, axes)
                    if stage.reduces:
                        totals.take(stage, value, axes)
                    else:
                        self._finish(stage, self.emitter.let(value), loops)
                totals.write()
            for stage in segment.stages:
                if stage.reduces:
                    self._finish(stage, totals.result(stage), loops)

    def _open(self, stack: ExitStack, extent: int, kind: Kind) -> Index:
        return stack.enter_context(self.emitter.loop(extent, kind))

    def _substitution(self, stage: Stage, loops: list[Index]) -> dict[str, Index]:
        names = {loop.name: index for loop, index in zip(inner_loops(self.group, stage), loops, strict=True)}
        for mine, row in self.group.renames[stage].items():
            if row in self.rows:
                names[mine] = self.rows[row]
        return names

    def _place(self, stage: Stage, loops: list[Index]) -> Indices:
        names = self._substitution(stage, loops)
        return tuple(axis.replace(names) for axis in stage.axes)

    def _finish(self, stage: Stage, value: Expr, loops: list[Index]) -> None:
        """Makes a result known to what follows, and stores it where it is needed later."""
        names = self._substitution(stage, loops)
        where = tuple(index.replace(names) for index in stage.position)
        self.emitter.remember(stage.node, where, value)
        if stage.node.id in self.stored:
            self.emitter.add(self.operands.store(self.stored[stage.node.id], where, value))
        if stage.node.id in self.scratch:
            storage = self.scratch[stage.node.id]
            self.emitter.add(self.operands.store(storage, within_row(storage, where), value))


def within_row(storage: Storage, indices: Indices) -> Indices:
    """Indices of an element in scratch that holds one row."""
    return tuple(Index() if size == 1 else index for size, index in zip(storage.shape, indices, strict=True))
