"""Who touched which word last: finds accesses that no barrier puts in order."""

from __future__ import annotations

MANY = -1
"""Stands for several blocks, warps or lanes in the stamp of a word that several threads have read."""


class Stamp:
    """A stretch of one thread's run between two synchronisations.

    `barriers` counts the block's barriers so far, `syncs` also the warp's. Shuffles order no memory accesses,
    and count for nothing here.
    """

    __slots__ = ("barriers", "block", "lane", "syncs", "warp")

    def __init__(self, block: int, warp: int, lane: int, barriers: int = 0, syncs: int = 0) -> None:
        self.block = block
        self.warp = warp
        self.lane = lane
        self.barriers = barriers
        self.syncs = syncs

    def covers(self, other: Stamp) -> bool:
        """Whether this, the stamp of several readers, stands for another unordered one already."""
        return self.lane == MANY and self.warp in {MANY, other.warp} and self.block in {MANY, other.block}

    def __str__(self) -> str:
        who = (("block", self.block), ("warp", self.warp), ("lane", self.lane))
        return " ".join(f"{name} {'*' if value == MANY else value}" for name, value in who)


def unordered(earlier: Stamp, now: Stamp) -> bool:
    """Whether nothing makes what happened in `earlier` happen before `now`."""
    if earlier.block != now.block:
        return True
    if earlier.barriers != now.barriers:
        return False
    if earlier.warp != now.warp:
        return True
    return earlier.lane != now.lane and earlier.syncs == now.syncs


def both(one: Stamp, other: Stamp) -> Stamp:
    """A stamp that is unordered with whatever is unordered with one of two readers."""
    block = one.block if one.block == other.block else MANY
    warp = one.warp if one.warp == other.warp else MANY
    return Stamp(block, warp, MANY, other.barriers, other.syncs)


class Tracker:
    """The last writer and the last readers of each word, by its byte offset.

    `arriving` holds the rows of 16 bytes that an asynchronous copy has been sent to, and who sent it: until
    it has arrived, nobody may touch them.
    """

    def __init__(self) -> None:
        self.writes: dict[int, Stamp] = {}
        self.reads: dict[int, Stamp] = {}
        self.arriving: dict[int, Stamp] = {}

    def clear(self) -> None:
        """Forgets all: a launch begins after everything before it."""
        self.writes.clear()
        self.reads.clear()

    def read(self, key: int, now: Stamp) -> Stamp | None:
        """Notes a read; the unordered writer before it, if there is one."""
        if self.arriving and key >> 4 in self.arriving:
            return self.arriving[key >> 4]
        writer = self.writes.get(key)
        if writer is not None and writer is not now and unordered(writer, now):
            return writer
        reader = self.reads.get(key)
        if reader is None or not unordered(reader, now):
            self.reads[key] = now
        elif not reader.covers(now):
            self.reads[key] = both(reader, now)
        return None

    def write(self, key: int, now: Stamp, same: bool = False) -> Stamp | None:
        """Notes a write; the unordered access before it, if any. Two threads may write the `same`."""
        if self.arriving and key >> 4 in self.arriving:
            return self.arriving[key >> 4]
        writer = self.writes.get(key)
        if writer is not None and writer is not now and not same and unordered(writer, now):
            return writer
        reader = self.reads.get(key)
        if reader is not None and reader is not now and not same and unordered(reader, now):
            return reader
        self.writes[key] = now
        return None
