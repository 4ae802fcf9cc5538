"""Runs a block: one greenlet a thread, in a fixed order, from barrier to barrier."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import greenlet
import numpy as np

from support.block_sim.hazards import DivergentBarrier, DivergentCollective, OutOfBounds, WrongLaunch
from support.block_sim.memory import POISON, View
from support.block_sim.races import Tracker
from support.block_sim.running import NOW, Request, Thread, Three

STATIC_BYTES = 48 * 1024
ORDERS = ("forward", "backward")
"""In which order blocks, warps and lanes take their turns."""


def in_order(things: list[Any], order: str) -> list[Any]:
    """The things as they take their turns."""
    return things if order == "forward" else things[::-1]


class Block:
    """One block of a launch: its threads and its shared memory, static arrays, then the dynamic one."""

    def __init__(self, number: int, index: Three, extent: Three, grid: Three, shared: int) -> None:
        self.number = number
        self.index = index
        self.extent = extent
        self.grid = grid
        self.dynamic = shared
        self.memory = np.full(STATIC_BYTES + shared, POISON, np.uint8)
        self.tracker = Tracker()
        self.static_used = 0
        self.arrays: dict[Any, View] = {}

    def shared_array(self, place: tuple[int, int], count: int, dtype: np.dtype) -> View:
        """The array of a declaration: every thread gets the same. A count of 0 is the dynamic memory."""
        key = (place, count, dtype)
        if key not in self.arrays:
            self.arrays[key] = self._place(count, dtype) if count else self._dynamic(dtype)
        return self.arrays[key]

    def _place(self, count: int, dtype: np.dtype) -> View:
        offset = -(-self.static_used // 128) * 128
        self.static_used = offset + count * dtype.itemsize
        if self.static_used > STATIC_BYTES:
            raise WrongLaunch(f"{self.static_used} bytes of static shared memory, above {STATIC_BYTES}")
        view = View(self.memory, dtype, offset, self.tracker, "shared", extent=count * dtype.itemsize)
        if dtype.kind != "f":
            self.memory[offset : self.static_used] = 0x5A
        return view

    def _dynamic(self, dtype: np.dtype) -> View:
        return View(self.memory, dtype, STATIC_BYTES, self.tracker, "dynamic shared", extent=self.dynamic)

    def shared_bytes(self, address: int, count: int) -> np.ndarray:
        """A piece of the shared memory."""
        if not 0 <= address <= len(self.memory) - count:
            raise OutOfBounds(f"shared address {address}, above {len(self.memory) - count}")
        return self.memory[address : address + count]

    def run(self, kernel: Callable[..., None], args: tuple[Any, ...], order: str) -> None:
        """Runs every thread to its end."""
        threads = list(self._threads(kernel, args))
        warps = [in_order(threads[at : at + 32], order) for at in range(0, len(threads), 32)]
        while True:
            for warp in in_order(warps, order):
                advance(warp)
            if not any(thread.request for thread in threads):
                return
            open_barrier(threads)

    def _threads(self, kernel: Callable[..., None], args: tuple[Any, ...]) -> Iterator[Thread]:
        extent = self.extent
        for linear in range(extent.x * extent.y * extent.z):
            y, x = divmod(linear, extent.x)
            z, y = divmod(y, extent.y)
            run = greenlet.greenlet(lambda _: kernel(*args))
            run.gr_context = contextvars.copy_context()  # NumPy keeps in it that overflow is no error
            yield Thread(self, Three(np.int32(x), np.int32(y), np.int32(z)), linear, run)


def advance(warp: list[Thread]) -> None:
    """Runs a warp until each of its threads has ended or stands at a barrier."""
    ready = warp
    while ready:
        for thread in ready:
            step(thread)
        waiting = [thread for thread in warp if thread.request and thread.request.answer]
        ready = answer(warp, waiting) if waiting else []


def step(thread: Thread) -> None:
    """Runs a thread up to its next request, or its end."""
    NOW.thread = thread
    result, thread.result, thread.request = thread.result, None, None
    request = thread.run.switch(result)
    thread.request = None if thread.run.dead else request


def answer(warp: list[Thread], waiting: list[Thread]) -> list[Thread]:
    """Performs each warp operation that all lanes of its mask have reached; the threads that go on."""
    released: list[Thread] = []
    groups: dict[tuple[Any, ...], list[Thread]] = {}
    for thread in waiting:
        request = asked(thread)
        groups.setdefault((request.name, request.site, request.mask), []).append(thread)
    for (name, _, mask), group in groups.items():
        lanes = {thread.lane: asked(thread).args for thread in sorted(group, key=lambda thread: thread.lane)}
        if sum(1 << lane for lane in lanes) != mask:
            continue
        results = asked(group[0]).answer(lanes)  # type: ignore[misc]
        for thread in group:
            thread.result = results[thread.lane]
            if name == "syncwarp":
                thread.synchronised(barrier=False)
        released += group
    if not released:
        raise stuck(warp, waiting)
    return [thread for thread in warp if thread in released]


def asked(thread: Thread) -> Request:
    """The request of a thread that has one."""
    assert thread.request is not None
    return thread.request


def stuck(warp: list[Thread], waiting: list[Thread]) -> DivergentCollective:
    """Says who waits where."""
    request = asked(waiting[0])
    lanes = [thread.lane for thread in waiting if asked(thread)[:3] == request[:3]]
    return DivergentCollective(
        f"{request.name} on line {request.site[0]} names the lanes {request.mask:#x}, "
        f"but of warp {warp[0].warp} only the lanes {lanes} reached it"
    )


def open_barrier(threads: list[Thread]) -> None:
    """Lets all threads go on, if all of them stand at the same barrier."""
    at = {thread.request.site if thread.request else None for thread in threads}
    if len(at) > 1:
        places = sorted("the end" if place is None else f"line {place[0]}" for place in at)
        raise DivergentBarrier(f"the block's threads stand at {' and '.join(places)}")
    for thread in threads:
        thread.synchronised(barrier=True)
