"""Reductions that keep the fastest axis: sums over rows, such as the gradient of a bias.

Input: a stage that reduces, whose last loop is kept. Output: a kernel that walks the rows in order and adds
each to a block of columns in the result, so that the innermost loop is contiguous and vectorises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from treadle.ir import Node
from treadle.loops import Const, Expr, Index, Kind
from treadle.loops.scalar import call
from treadle.lower.emitter import Emitter, Indices
from treadle.lower.nest import Operands
from treadle.lower.plan import KernelCall
from treadle.lower.stage import ACCUMULATING, Loop, Stage
from treadle.lower.storage import Storage
from treadle.lower.target import Target
from treadle.lower.totals import neutral

NARROW = 8
BLOCK = 64


def is_columnwise(stage: Stage, target: Target) -> bool:
    """Whether a stage reduces and keeps its last, contiguous loop, of more than a few elements.

    Lanes take a column each and need no such form.
    """
    if (
        target.lanes
        or stage.node.op not in ACCUMULATING
        or not stage.loops
        or stage.node.op == "fold_windows"
    ):
        return False
    last = stage.loops[-1]
    return not last.reduced and last.extent >= NARROW and any(loop.reduced for loop in stage.loops)


class ColumnNest:
    """Writes the loops of one columnwise reduction."""

    def __init__(self, stage: Stage, stored: Mapping[int, Storage], users: dict[int, int]) -> None:
        self.stage = stage
        self.stored = stored
        self.operands = Operands()
        self.emitter = Emitter(self._fetch, users)
        self.names: dict[str, Index] = {}

    def call(self) -> KernelCall:
        """The kernel."""
        stage = self.stage
        with ExitStack() as loops:
            for loop in stage.kept[:-1]:
                self._open(loops, loop, Kind.PARALLEL)
            last = stage.loops[-1]
            blocks = -(-last.extent // BLOCK)
            block = loops.enter_context(self.emitter.loop(blocks, Kind.PARALLEL))
            self._columns(last, block, self._clear)
            with ExitStack() as rows:
                for loop in stage.loops:
                    if loop.reduced:
                        self._open(rows, loop, Kind.REDUCE)
                self._columns(last, block, self._accumulate)
        return self.operands.call(f"{stage.node.op}_rows", self.emitter.body, stage.work, (stage.node,))

    def _open(self, stack: ExitStack, loop: Loop, kind: Kind) -> None:
        self.names[loop.name] = stack.enter_context(self.emitter.loop(loop.extent, kind))

    def _columns(self, last: Loop, block: Index, write: Callable[[], None]) -> None:
        """The loop over the columns of a block around what `write` writes."""
        start = block.times(BLOCK)
        stops = (start.plus(BLOCK), Index(last.extent)) if last.extent > BLOCK else (Index(last.extent),)
        bounds = (0, last.extent - 1)
        with self.emitter.range(start, stops, bounds, Kind.PARALLEL) as column:
            self.names[last.name] = column
            write()

    def _clear(self) -> None:
        stage = self.stage
        start = neutral(stage.node.op, stage.node.type.dtype)
        self._store(start)

    def _accumulate(self) -> None:
        stage = self.stage
        axes = tuple(axis.replace(self.names) for axis in stage.axes)
        value = stage.element(self.emitter, axes)
        before = self.operands.load(self.stored[stage.node.id], self._position(), stage.node.type.dtype)
        self._store(call(ACCUMULATING[stage.node.op], before, value))

    def _store(self, value: Expr | Const) -> None:
        self.emitter.add(self.operands.store(self.stored[self.stage.node.id], self._position(), value))

    def _position(self) -> Indices:
        return tuple(index.replace(self.names) for index in self.stage.position)

    def _fetch(self, _emitter: Emitter, node: Node, indices: Indices) -> Expr | None:
        stored = self.stored.get(node.id)
        return None if stored is None else self.operands.load(stored, indices, node.type.dtype)
