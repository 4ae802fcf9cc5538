"""Where everything lies on the device: one allocation for all programs of a session.

Input: plans, and scratch by call. Output: an offset for each buffer, and how much memory there must be. The
order: parameters, states and constants; for each program its inputs, then its outputs, each group in one
piece so that one copy moves it; twice the largest group of inputs, for inputs that wait; the arena, which
programs share because they run one after another. Non-goals: owning the memory (`session.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from treadle.backends.protocol import MemoryPlan
from treadle.lower.arena import aligned, assign_offsets
from treadle.lower.plan import Call, Plan, used
from treadle.lower.programs import bytes_of
from treadle.lower.storage import Buffer, BufferKind, Storage

ALIGNMENT = 256
"""Of every buffer: what the widest access of a warp wants."""

WAITING = 2
"""Groups of inputs that may be on their way: one that the running step reads, one for the next."""


@dataclass(frozen=True)
class Group:
    """Buffers that are copied together: where they start, their total size, each one's offset in it."""

    start: int
    size: int
    tensors: Mapping[str, Storage]
    offsets: Mapping[str, int]


@dataclass
class Layout:
    """Offsets of all buffers of a session from the start of its memory.

    Attributes:
        offsets: of every buffer.
        kept: the size of what keeps its contents, which lies first.
        inputs: the inputs of each program.
        outputs: the outputs of each program.
        waiting: where inputs wait.
        size: of everything.
        summary: the same in bytes by kind.
    """

    offsets: dict[Buffer, int] = field(default_factory=dict)
    kept: int = 0
    inputs: dict[str, Group] = field(default_factory=dict)
    outputs: dict[str, Group] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    size: int = 0
    summary: MemoryPlan = field(default=MemoryPlan(0, 0, 0, 0))

    def take(self, size: int) -> int:
        """The offset of a new piece."""
        start = self.size
        self.size += aligned(size, ALIGNMENT)
        return start

    def group(self, tensors: Mapping[str, Storage]) -> Group:
        """A new piece for tensors that are copied together."""
        start, offsets = self.size, {}
        for name, storage in tensors.items():
            self.offsets[storage.buffer] = self.take(storage.buffer.bytes)
            offsets[name] = self.offsets[storage.buffer] - start
        return Group(start, self.size - start, dict(tensors), offsets)


def lay_out(plans: Mapping[str, Plan], scratch: Mapping[Call, Buffer]) -> Layout:
    """The layout of programs that share parameters and states."""
    layout = Layout()
    for buffer in _kept(plans.values()):
        layout.offsets[buffer] = layout.take(buffer.bytes)
    layout.kept = layout.size
    layout.inputs = {name: layout.group(plan.inputs) for name, plan in plans.items()}
    layout.outputs = {name: layout.group(plan.outputs) for name, plan in plans.items()}
    waiting = max((group.size for group in layout.inputs.values()), default=0)
    layout.waiting = [layout.take(waiting) for _ in range(WAITING)]
    _place_arena(layout, list(plans.values()), scratch)
    layout.summary = _summary(layout, list(plans.values()))
    return layout


def _kept(plans: Iterable[Plan]) -> list[Buffer]:
    """What keeps its contents for as long as the session lives."""
    leaves = [storage.buffer for plan in plans for storage in plan.leaves.values()]
    constants = [b for plan in plans for b in plan.buffers if b.kind is BufferKind.CONSTANT]
    return list(dict.fromkeys([*leaves, *constants]))


def _place_arena(layout: Layout, plans: Sequence[Plan], scratch: Mapping[Call, Buffer]) -> None:
    size = max((assign_offsets(plan.calls, dict(scratch), ALIGNMENT) for plan in plans), default=0)
    start = layout.take(size)
    for buffer in (*scratch.values(), *(b for plan in plans for b in used(plan.calls))):
        if buffer.kind is BufferKind.ARENA:
            layout.offsets[buffer] = start + buffer.offset


def _summary(layout: Layout, plans: Sequence[Plan]) -> MemoryPlan:
    """All bytes of the device, by kind: what waits counts as inputs."""
    parameters, states = bytes_of(plans, BufferKind.PARAM), bytes_of(plans, BufferKind.STATE)
    inputs = sum(group.size for group in layout.inputs.values())
    inputs += sum(aligned(group.size, ALIGNMENT) for group in _largest(layout)) * WAITING
    return MemoryPlan(parameters, states, inputs, layout.size - parameters - states - inputs)


def _largest(layout: Layout) -> list[Group]:
    return sorted(layout.inputs.values(), key=lambda group: -group.size)[:1]
