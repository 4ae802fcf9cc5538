"""A CUDA block simulator: runs kernel texts on the CPU and finds what would go wrong on a GPU.

One greenlet is one thread; threads take turns in a fixed order (two orders are offered), from one barrier or
warp operation to the next. Found are: accesses out of bounds, reads of what nothing wrote, misaligned
vectors, races (in shared memory, and in global memory within one launch), barriers and warp operations that
not all reach, and launches beyond the limits. Shared and local memory begin poisoned; an asynchronous copy
arrives at its wait. float32 stays float32 and int32 wraps. Not simulated: time, caches, contraction to FMA.
"""

from support.block_sim.blocks import ORDERS
from support.block_sim.hazards import (
    DivergentBarrier,
    DivergentCollective,
    Hazard,
    Misaligned,
    OutOfBounds,
    Race,
    UninitialisedRead,
    WrongLaunch,
)
from support.block_sim.launching import launch, run_steps
from support.block_sim.memory import DeviceBuffer, View

__all__ = [
    "ORDERS",
    "DeviceBuffer",
    "DivergentBarrier",
    "DivergentCollective",
    "Hazard",
    "Misaligned",
    "OutOfBounds",
    "Race",
    "UninitialisedRead",
    "View",
    "WrongLaunch",
    "launch",
    "run_steps",
]
