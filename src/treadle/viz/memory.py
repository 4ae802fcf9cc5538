"""The static memory plan of a program: which bytes of the arena hold what at which call.

Input: a program. Output: a `MemoryMap`. Scratch that products reserve while they run is left out: it is
a backend's choice. Non-goals: drawing (`memory_chart`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from treadle.driver import Program, lowered
from treadle.lower.arena import aligned, assign_offsets, call_times, lifetimes
from treadle.lower.plan import Call, Plan, touched
from treadle.lower.storage import Buffer, BufferKind
from treadle.viz.calls import leaf_calls, parts_of_calls
from treadle.viz.scene import Part

LASTING = (BufferKind.PARAM, BufferKind.STATE, BufferKind.INPUT, BufferKind.OUTPUT, BufferKind.CONSTANT)


@dataclass(frozen=True)
class Block:
    """A buffer in the arena: the calls (times) between which it lives, its bytes, and who fills it first."""

    name: str
    first: int
    last: int
    offset: int
    size: int
    part: Part


@dataclass(frozen=True)
class MemoryMap:
    """What is where and when.

    Attributes:
        title: of which program.
        note: what was assumed.
        blocks: buffers of the arena.
        arena: its size in bytes.
        live: for each time, how many bytes are in use.
        parts: the times at which each part of the step begins and ends.
        lasting: bytes that do not come and go, by kind.
    """

    title: str
    note: str
    blocks: tuple[Block, ...]
    arena: int
    live: tuple[int, ...]
    parts: tuple[tuple[Part, int, int], ...]
    lasting: Mapping[str, int]

    @property
    def peak(self) -> int:
        """The time at which most bytes are in use."""
        return self.live.index(max(self.live))


def memory_map(program: Program) -> MemoryMap:
    """The memory of a program on this machine's cores."""
    plan, assumed = lowered(program)
    arena = assign_offsets(plan.calls, {})
    parts, times = parts_of_calls(plan, program.graph), call_times(plan.calls)
    blocks = _blocks(plan, _fillers(plan, parts))
    span = range(max(times.values(), default=0) + 1)
    live = tuple(sum(block.size for block in blocks if block.first <= t <= block.last) for t in span)
    lasting = {kind.value: plan.bytes_of(kind) for kind in LASTING if plan.bytes_of(kind)}
    title = f"{plan.name}: memory"
    return MemoryMap(title, assumed, blocks, arena, live, _stretches(parts, times), lasting)


def _blocks(plan: Plan, fillers: Mapping[Buffer, Part]) -> tuple[Block, ...]:
    return tuple(
        Block(b.name, life.first, life.last, b.offset, aligned(b.bytes), fillers.get(b, Part.FORWARD))
        for life in lifetimes(plan.calls, {})
        for b in (life.buffer,)
    )


def _fillers(plan: Plan, parts: Mapping[Call, Part]) -> dict[Buffer, Part]:
    found: dict[Buffer, Part] = {}
    for call in leaf_calls(plan.calls):
        for buffer in touched(call)[1]:
            found.setdefault(buffer, parts[call])
    return found


def _stretches(parts: Mapping[Call, Part], times: Mapping[Call, int]) -> tuple[tuple[Part, int, int], ...]:
    """Runs of calls of one part."""
    found: list[tuple[Part, int, int]] = []
    ordered: Sequence[Call] = sorted(parts, key=lambda call: times[call])
    for call in ordered:
        if found and found[-1][0] is parts[call]:
            found[-1] = (parts[call], found[-1][1], times[call])
        else:
            found.append((parts[call], times[call], times[call]))
    return tuple(found)
