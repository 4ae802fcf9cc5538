"""Warp operations: each maps the arguments by lane to the results by lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.block_sim.hazards import DivergentCollective
from support.block_sim.running import Request, site, wait

FULL = 0xFFFFFFFF
Lanes = dict[int, tuple[Any, ...]]


def collective(name: str, answer: Callable[[Lanes], dict[int, Any]]) -> Callable[..., Any]:
    """A function of the dialect whose first argument is the mask of the lanes that take part."""

    def call(mask: Any, *args: Any) -> Any:
        return wait(Request(name, site(), int(mask) & FULL, args, answer))

    return call


def full_warp(name: str, answer: Callable[[Lanes], dict[int, Any]]) -> Callable[..., Any]:
    """A function of the dialect in which all 32 lanes take part."""

    def call(*args: Any) -> Any:
        return wait(Request(name, site(), FULL, args, answer))

    return call


def shuffle(source: Callable[[int, int], int]) -> Callable[[Lanes], dict[int, Any]]:
    """Each lane gets the value of another; outside 0..31 it keeps its own."""

    def answer(lanes: Lanes) -> dict[int, Any]:
        return {lane: taken(lanes, lane, source(lane, int(args[1]))) for lane, args in lanes.items()}

    return answer


def taken(lanes: Lanes, lane: int, source: int) -> Any:
    """The value of the lane `source`."""
    if not 0 <= source < 32:
        return lanes[lane][0]
    if source not in lanes:
        raise DivergentCollective(f"lane {lane} takes the value of lane {source}, which is not in the mask")
    return lanes[source][0]


def ballot(lanes: Lanes) -> dict[int, Any]:
    """The lanes whose condition holds, as bits."""
    bits = np.uint32(sum(1 << lane for lane, (condition,) in lanes.items() if condition))
    return dict.fromkeys(lanes, bits)


shfl_xor_sync = collective("shfl_xor_sync", shuffle(lambda lane, distance: lane ^ distance))
shfl_down_sync = collective("shfl_down_sync", shuffle(lambda lane, distance: lane + distance))
shfl_up_sync = collective("shfl_up_sync", shuffle(lambda lane, distance: lane - distance))
shfl_sync = collective("shfl_sync", shuffle(lambda _, source: source % 32))
ballot_sync = collective("ballot_sync", ballot)


def syncwarp(mask: Any = FULL) -> None:
    """Puts the memory accesses of the mask's lanes in order."""
    wait(Request("syncwarp", site(), int(mask) & FULL, (), dict.fromkeys))


def syncthreads() -> None:
    """Puts the memory accesses of the block's threads in order."""
    wait(Request("syncthreads", site()))
