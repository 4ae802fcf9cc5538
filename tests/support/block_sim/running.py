"""The thread that is being simulated: what the dialect's names act on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import greenlet

from support.block_sim.hazards import KERNEL_FILE
from support.block_sim.races import Stamp

if TYPE_CHECKING:
    from support.block_sim.blocks import Block


class Three(NamedTuple):
    """An index or an extent in three dimensions."""

    x: int
    y: int = 1
    z: int = 1


class Request(NamedTuple):
    """Why a thread stops: a barrier (no `answer`), or a warp operation for the lanes of `mask`.

    `answer` maps the arguments by lane to the results by lane.
    """

    name: str
    site: tuple[int, int]
    mask: int = 0
    args: tuple[Any, ...] = ()
    answer: Callable[[dict[int, tuple[Any, ...]]], dict[int, Any]] | None = None


class Thread:
    """One simulated thread and its asynchronous copies: those not yet committed, and the committed groups."""

    __slots__ = ("block", "copies", "groups", "index", "lane", "request", "result", "run", "stamp", "warp")

    def __init__(self, block: Block, index: Three, linear: int, run: greenlet.greenlet) -> None:
        self.block = block
        self.index = index
        self.warp, self.lane = divmod(linear, 32)
        self.stamp = Stamp(block.number, self.warp, self.lane)
        self.run = run
        self.request: Request | None = None
        self.result: Any = None
        self.copies: list[Any] = []
        self.groups: list[list[Any]] = []

    def synchronised(self, barrier: bool) -> None:
        """Starts a new stretch of the run: other threads' earlier accesses are now before this thread's."""
        old = self.stamp
        self.stamp = Stamp(old.block, old.warp, old.lane, old.barriers + barrier, old.syncs + 1)


class Running:
    """Holds the thread that runs at this moment."""

    __slots__ = ("thread",)

    thread: Thread


NOW = Running()


def wait(request: Request) -> Any:
    """Hands control to the scheduler until the request is met; its result."""
    return greenlet.getcurrent().parent.switch(request)


def site() -> tuple[int, int]:
    """Which place of the kernel's text is being run."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_code.co_filename != KERNEL_FILE:
        frame = frame.f_back
    assert frame is not None
    return frame.f_lineno, frame.f_lasti
