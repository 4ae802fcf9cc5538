"""The one allocation of a session: alignment, groups that one copy moves, and no value lost to another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from support.cuda_programs import SIX, calls_in_order, reads_of, stand_in, step_graphs, writes_of
from treadle.backends.numba_cuda.link import Linker
from treadle.backends.numba_cuda.memory import ALIGNMENT, WAITING, Layout, lay_out
from treadle.lower.programs import lower_all
from treadle.lower.storage import Buffer, BufferKind
from treadle.lower.target import LANES
from treadle.types import DType

CELL = 32  # bytes for which one owner is noted; buffers begin on multiples of it


def planned(name):
    plans = lower_all(step_graphs(name), LANES)
    linker = Linker(stand_in)
    for plan in plans.values():
        linker.prepare(plan)
    return plans, linker, lay_out(plans, linker.scratch)


@pytest.mark.parametrize("name", SIX)
def test_everything_is_inside_and_aligned(name):
    """Every buffer begins on 256 bytes and ends within the allocation."""
    _, _, layout = planned(name)
    assert all(offset % ALIGNMENT == 0 for offset in layout.offsets.values())
    assert all(offset + b.bytes <= layout.size for b, offset in layout.offsets.items())


@pytest.mark.parametrize("name", SIX)
def test_what_lasts_shares_no_byte_with_anything(name):
    """Leaves, constants, inputs, outputs, waiting inputs and the arena are disjoint."""
    _, _, layout = planned(name)
    lasting = [b for b in layout.offsets if b.kind is not BufferKind.ARENA]
    spans = [(layout.offsets[b], layout.offsets[b] + b.bytes) for b in lasting if b.bytes]
    waiting = max(group.size for group in layout.inputs.values())
    spans += [(at, at + waiting) for at in layout.waiting]
    arena = [layout.offsets[b] for b in layout.offsets if b.kind is BufferKind.ARENA]
    spans += [(min(arena, default=layout.size), layout.size)]
    spans.sort()
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


@pytest.mark.parametrize("name", SIX)
def test_the_summary_counts_every_byte_once(name):
    """The kinds add up to the allocation, so that what is said to be needed is what is asked for."""
    _, _, layout = planned(name)
    assert layout.summary.total == layout.size
    assert layout.summary.inputs >= (1 + WAITING) * max(g.size for g in layout.inputs.values())


@pytest.mark.parametrize("name", SIX)
def test_every_read_finds_what_was_written_for_it(name):
    """Along a whole step, loops written out: the bytes that a call reads belong to the buffer that it means.

    Each write makes the buffer the owner of its bytes. A read of bytes that nothing wrote, or that a later
    tenant of the same memory has taken, fails.
    """
    plans, linker, layout = planned(name)
    for plan in plans.values():
        owners = _Owners(layout)
        for storage in (*plan.leaves.values(), *plan.inputs.values()):
            owners.write(storage.buffer, None)
        for buffer in plan.buffers:
            if buffer.kind is BufferKind.CONSTANT:
                owners.write(buffer, None)
        for call in calls_in_order(linker, plan.calls):
            for buffer, elements in reads_of(call):
                owners.read(buffer, elements)
            for buffer, elements in writes_of(call):
                owners.write(buffer, elements)
            if call in linker.scratch:
                owners.write(linker.scratch[call], None)
        for storage in plan.outputs.values():
            owners.read(storage.buffer, None)


def test_a_lost_value_is_noticed():
    """The check above sees a second tenant: two buffers that live at once are put at the same place."""
    one, other = (_buffer(name) for name in "ab")
    owners = _Owners(Layout(offsets={one: 0, other: 0}, size=ALIGNMENT))
    owners.write(one, None)
    owners.write(other, np.arange(4))
    with pytest.raises(AssertionError, match="a is read"):
        owners.read(one, None)


class _Owners:
    """Which buffer wrote each cell of memory last."""

    def __init__(self, layout):
        self.layout = layout
        self.numbers: dict[Buffer, int] = {}
        self.cells = np.zeros(layout.size // CELL + 1, np.int64)

    def write(self, buffer, elements):
        self.cells[self._cells(buffer, elements)] = self._number(buffer)

    def read(self, buffer, elements):
        found = set(self.cells[self._cells(buffer, elements)].tolist())
        assert found <= {self._number(buffer)}, f"{buffer.name} is read, its memory belongs to another"

    def _number(self, buffer):
        return self.numbers.setdefault(buffer, len(self.numbers) + 1)

    def _cells(self, buffer, elements):
        start = self.layout.offsets[buffer]
        if elements is None:
            return slice(start // CELL, -(-(start + buffer.bytes) // CELL))
        return np.unique((start + elements * buffer.dtype.itemsize) // CELL)


def _buffer(name):
    return Buffer(name, DType.F32, 8, BufferKind.ARENA)
