"""Memory planning: an offset in one arena for each buffer that lives within a run.

Input: calls in order, and the scratch that a target's templates need for them. Output: offsets, written
into the buffers.
Buffers whose lifetimes do not overlap share memory. Largest first, each at the lowest offset that is free
for its whole life: good in practice, and optimal on chains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from treadle.lower.plan import Call, LoopCall, touched
from treadle.lower.storage import Buffer, BufferKind

ALIGNMENT = 64


@dataclass
class Life:
    """The calls, by their time, from the first to the last of which the contents of a buffer matter."""

    buffer: Buffer
    first: int
    last: int

    def overlaps(self, other: Life) -> bool:
        return self.first <= other.last and other.first <= self.last


def assign_offsets(calls: Sequence[Call], scratch: dict[Call, Buffer], alignment: int = ALIGNMENT) -> int:
    """Gives every arena buffer its offset and returns the size of the arena in bytes.

    `scratch` holds a buffer for each call that needs one while it runs; every offset is a multiple of
    `alignment` bytes.
    """
    lives = lifetimes(calls, scratch)
    placed: list[Life] = []
    size = 0
    for life in sorted(lives, key=lambda life: (-life.buffer.bytes, life.first)):
        life.buffer.offset = _lowest_gap(life, placed, alignment)
        placed.append(life)
        size = max(size, life.buffer.offset + aligned(life.buffer.bytes, alignment))
    return size


def aligned(size: int, alignment: int = ALIGNMENT) -> int:
    """A size in bytes rounded up to whole cache lines, or to another alignment."""
    return -(-size // alignment) * alignment


def _lowest_gap(life: Life, placed: Iterable[Life], alignment: int) -> int:
    taken = sorted(
        (other.buffer.offset, other.buffer.offset + aligned(other.buffer.bytes, alignment))
        for other in placed
        if other.overlaps(life)
    )
    offset = 0
    for start, end in taken:
        if offset + aligned(life.buffer.bytes, alignment) <= start:
            break
        offset = max(offset, end)
    return offset


class _Clock:
    """Numbers calls in order of execution; a loop's body is one stretch of time."""

    def __init__(self, scratch: dict[Call, Buffer]) -> None:
        self.time = 0
        self.scratch = scratch
        self.times: dict[Call, int] = {}
        self.lives: dict[Buffer, Life] = {}
        self.spans: list[tuple[int, int, int]] = []  # loop number, first and last time

    def visit(self, calls: Sequence[Call]) -> None:
        for call in calls:
            if isinstance(call, LoopCall):
                start = self.time
                self.visit(call.body)
                self.spans.append((call.number, start, self.time))
            else:
                self.times[call] = self.time
                self._touch(call)
            self.time += 1

    def _touch(self, call: Call) -> None:
        reads, writes = touched(call)
        own = {self.scratch[call]} if call in self.scratch else set()
        for buffer in sorted(reads | writes | own, key=lambda buffer: buffer.number):
            if buffer.kind is BufferKind.ARENA:
                life = self.lives.setdefault(buffer, Life(buffer, self.time, self.time))
                life.last = self.time


def call_times(calls: Sequence[Call]) -> dict[Call, int]:
    """The time of each call that is no loop, as lifetimes count it."""
    clock = _Clock({})
    clock.visit(calls)
    return clock.times


def lifetimes(calls: Sequence[Call], scratch: dict[Call, Buffer]) -> list[Life]:
    """How long each buffer of the arena lives: through all of a loop unless it belongs to one iteration."""
    clock = _Clock(scratch)
    clock.visit(calls)
    parents = dict(_nesting(calls, None))
    for life in clock.lives.values():
        for number, start, end in clock.spans:
            inside = life.first <= end and life.last >= start
            if inside and not _is_within(life.buffer.home, number, parents):
                life.first, life.last = min(life.first, start), max(life.last, end)
    return list(clock.lives.values())


def _nesting(calls: Sequence[Call], parent: int | None) -> Iterable[tuple[int, int | None]]:
    for call in calls:
        if isinstance(call, LoopCall):
            yield call.number, parent
            yield from _nesting(call.body, call.number)


def _is_within(home: int | None, loop: int, parents: dict[int, int | None]) -> bool:
    """Whether a buffer belongs to one iteration of a loop (or of a loop inside it)."""
    while home is not None:
        if home == loop:
            return True
        home = parents.get(home)
    return False
