"""What the runtime needs of a GPU's driver: memory, streams, events, kernels, graphs.

Input: addresses and handles, both integers. Output: effects on a device. `cuda_driver.py` is the driver of
NVIDIA GPUs; tests have another that records calls and can execute them. Non-goals: what the memory means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from treadle.backends.numba_cuda.kernel import KernelSource, Product, Three

Handle = int
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Device:
    """A GPU.

    Attributes:
        name: as its maker calls it.
        target: the architecture that kernels are compiled for, such as `sm_90a`.
        memory: bytes of it.
        multiprocessors: how many run blocks at the same time.
    """

    name: str
    target: str
    memory: int
    multiprocessors: int


@dataclass(frozen=True)
class Bound:
    """A launch whose pointers have become addresses."""

    source: KernelSource
    grid: Three
    block: Three
    values: tuple[int | float, ...]
    shared: int = 0


class AllocationError(Exception):
    """The device has fewer than the wanted bytes free."""

    def __init__(self, wanted: int, free: int) -> None:
        super().__init__(f"{wanted:,} bytes wanted, {free:,} free")
        self.wanted = wanted
        self.free = free


class Driver(Protocol):
    """A device and its one context. Work on a stream runs in order, asynchronously to the caller."""

    @property
    def device(self) -> Device:
        """The GPU."""
        ...

    def allocate(self, size: int) -> int:
        """The address of new device memory, 256-byte aligned. Raises AllocationError."""
        ...

    def release(self, address: int) -> None:
        """Gives memory back."""
        ...

    def host_memory(self, size: int) -> Bytes:
        """Page-locked host memory, which copies to and from the device can use while others work."""
        ...

    def load(self, cubin: bytes, shared: int) -> Handle:
        """The kernel of a cubin; `shared` is the dynamic shared memory that its launches want at most."""
        ...

    def new_stream(self) -> Handle:
        """A stream of its own, which waits for no other."""
        ...

    def new_event(self) -> Handle:
        """A point in a stream's work that others can wait for."""
        ...

    def record(self, event: Handle, stream: Handle) -> None:
        """Puts the event after the work that is on the stream now."""
        ...

    def mark(self, event: Handle, stream: Handle) -> None:
        """Makes recording the event a part of what is being captured: it happens anew in every replay."""
        ...

    def wait(self, stream: Handle, event: Handle) -> None:
        """Makes later work of the stream wait for the event."""
        ...

    def finish(self, event: Handle) -> None:
        """Returns once the event has happened."""
        ...

    def seconds(self, start: Handle, end: Handle) -> float:
        """The time between two events that have happened."""
        ...

    def upload(self, address: int, source: NDArray[Any], stream: Handle) -> None:
        """Copies contiguous host memory to the device."""
        ...

    def download(self, target: NDArray[Any], address: int, stream: Handle) -> None:
        """Copies device memory to contiguous host memory."""
        ...

    def copy(self, target: int, source: int, size: int, stream: Handle) -> None:
        """Copies on the device."""
        ...

    def fill(self, address: int, value: int, count: int, stream: Handle) -> None:
        """Sets bytes."""
        ...

    def launch(self, kernel: Handle, bound: Bound, stream: Handle) -> None:
        """Starts a kernel."""
        ...

    def multiply(self, product: Product, addresses: tuple[int, ...], stream: Handle) -> None:
        """Starts a product of the maker's library; `addresses` are those of the product's `args`."""
        ...

    def begin_capture(self, stream: Handle) -> None:
        """From now on work on the stream is noted down instead of done."""
        ...

    def end_capture(self, stream: Handle) -> Handle:
        """What was noted down, as a graph that can be replayed."""
        ...

    def replay(self, graph: Handle, stream: Handle) -> None:
        """Does the work of a graph."""
        ...
