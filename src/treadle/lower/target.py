"""What lowering wants to know of the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """The shape of a machine.

    Attributes:
        threads: how many shares there are of scratch that each thread has for itself.
        lanes: whether thousands of lanes work side by side, so that neighbours in memory belong to different
            lanes and whatever may run in parallel should; else a thread walks through neighbours itself.
        half_products: whether templates multiply two-byte floats; else their operands become float32.
    """

    threads: int = 1
    lanes: bool = False
    half_products: bool = False


ONE_THREAD = Target()
"""What tests and texts assume."""

LANES = Target(lanes=True, half_products=True)
"""A GPU."""
