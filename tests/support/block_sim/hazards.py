"""What a kernel must not do. Each hazard names the kernel's line on which it happened."""

from __future__ import annotations

import sys
from types import FrameType

KERNEL_FILE = "<kernel>"
"""The file name that compiled kernel texts carry in their code objects."""


class Hazard(AssertionError):  # noqa: N818 (the word of the trade)
    """Base of everything that the simulator finds wrong with a kernel."""

    def __init__(self, what: str) -> None:
        line = kernel_line()
        super().__init__(f"line {line}: {what}" if line else what)


class OutOfBounds(Hazard):
    """An access outside the buffer or array."""


class UninitialisedRead(Hazard):
    """A read of global memory that nothing wrote."""


class Misaligned(Hazard):
    """A vector, an asynchronous copy or a matrix row at an address that is not a multiple of its width."""


class Race(Hazard):
    """Two threads touch one word, one of them writing, and nothing puts them in order."""


class DivergentBarrier(Hazard):
    """Not every thread of the block reaches the same barrier."""


class DivergentCollective(Hazard):
    """Not every lane named in the mask reaches the same warp operation."""


class WrongLaunch(Hazard):
    """Arguments or sizes that no device would launch, or that do not fit the kernel's parameters."""


def kernel_line() -> int | None:
    """The line of the kernel's text that is being run by the current thread, if one is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == KERNEL_FILE:
            return frame.f_lineno
        frame = frame.f_back
    return None
