"""Device memory over NumPy bytes: bounds, alignment, missing writes and races are checked on each access."""

from __future__ import annotations

from copy import copy
from operator import index as as_index
from typing import Any

import numpy as np

from support.block_sim.hazards import Hazard, Misaligned, OutOfBounds, Race, UninitialisedRead
from support.block_sim.races import Stamp, Tracker
from support.block_sim.running import NOW

POISON = 0xFF  # a NaN in every float type


class DeviceBuffer:
    """A piece of global memory: its bytes, which of them were written, and who touched them in this launch.

    What was written is kept at the first byte of each element.
    """

    def __init__(self, data: np.ndarray, name: str, written: bool) -> None:
        self.data = data
        self.name = name
        self.written = np.full(len(data), written)
        self.tracker = Tracker()

    @classmethod
    def of(cls, array: np.ndarray, name: str = "buffer") -> DeviceBuffer:
        """The memory of a contiguous array itself: the kernel's writes appear in it."""
        assert array.flags.c_contiguous
        return cls(array.reshape(-1).view(np.uint8), name, written=True)

    @classmethod
    def empty(cls, count: int, dtype: Any = np.uint8, name: str = "buffer") -> DeviceBuffer:
        """Poisoned memory for `count` elements; reading it before it is written is a hazard."""
        return cls(np.full(count * np.dtype(dtype).itemsize, POISON, np.uint8), name, written=False)

    def pointer(self, dtype: Any, offset: int = 0) -> View:
        """A typed pointer, `offset` bytes into the buffer."""
        return View(self.data, np.dtype(dtype), offset, self.tracker, self.name, self.written)

    def array(self, dtype: Any, shape: Any = -1) -> np.ndarray:
        """What the buffer holds; an element that nothing wrote is a hazard."""
        written = self.written[:: np.dtype(dtype).itemsize]
        if not written.all():
            raise UninitialisedRead(f"{self.name}[{int(np.argmin(written))}] was never written")
        return self.data.view(dtype).reshape(shape)


class View:
    """A typed pointer into bytes, as kernels index it.

    `written` is None for shared memory: there, poison stands for what was never written. `tracker` is None
    for global memory that the kernel only reads.
    """

    __slots__ = ("base", "count", "name", "size", "tracker", "values", "written")

    def __init__(
        self,
        data: np.ndarray,
        dtype: np.dtype,
        offset: int,
        tracker: Tracker | None,
        name: str,
        written: np.ndarray | None = None,
        extent: int | None = None,
    ) -> None:
        self.size = dtype.itemsize
        if offset % self.size:
            raise Misaligned(f"{name}: byte offset {offset} for elements of {self.size} bytes")
        end = len(data) if extent is None else offset + extent
        start = offset if extent is not None else 0
        whole = len(data) // self.size * self.size
        self.values = data[:whole].view(dtype)[: end // self.size]
        self.base = offset // self.size
        self.count = start // self.size, end // self.size
        self.written = None if written is None else written[: whole : self.size]
        self.tracker = tracker
        self.name = name

    def __getitem__(self, i: Any) -> Any:
        at = self.base + as_index(i)
        low, high = self.count
        if not low <= at < high:
            raise self._outside(i, "read")
        if self.written is not None and not self.written[at]:
            raise UninitialisedRead(f"{self.name}[{i}] was never written")
        tracker = self.tracker
        if tracker is not None:
            other = tracker.read(at * self.size, NOW.thread.stamp)
            if other is not None:
                raise self._race(i, "is read", other)
        return self.values[at]

    def __setitem__(self, i: Any, value: Any) -> None:
        at = self.base + as_index(i)
        low, high = self.count
        if not low <= at < high:
            raise self._outside(i, "write")
        values = self.values
        before = values[at]
        values[at] = value
        now = NOW.thread.stamp
        tracker = self.tracker
        assert tracker is not None
        key = at * self.size
        if tracker.writes.get(key) is now and tracker.reads.get(key) in (now, None):
            return
        other = tracker.write(key, now, before.tobytes() == values[at].tobytes())
        if other is not None:
            raise self._race(i, "is written", other)
        if self.written is not None:
            self.written[at] = True

    def read_only(self) -> View:
        """The same pointer, for a kernel that never writes through it: its reads need not be noted."""
        view = copy(self)
        view.tracker = None
        return view

    def load(self, i: Any, width: int) -> tuple[Any, ...]:
        """`width` elements from an address that is a multiple of them."""
        start = self._vector(i, width)
        return tuple(self[start + lane] for lane in range(width))

    def store(self, i: Any, values: tuple[Any, ...]) -> None:
        """Stores elements at an address that is a multiple of them."""
        start = self._vector(i, len(values))
        for lane, value in enumerate(values):
            self[start + lane] = value

    def add(self, i: Any, value: Any) -> Any:
        """Adds atomically: no race with other atomic operations; the value before."""
        at = self.base + as_index(i)
        low, high = self.count
        if not low <= at < high:
            raise self._outside(i, "atomic access")
        if self.written is not None and not self.written[at]:
            raise UninitialisedRead(f"{self.name}[{i}] was never written")
        before = self.values[at]
        self.values[at] = before + self.values.dtype.type(value)
        return before

    def address(self, i: Any) -> int:
        """The byte address of an element: from the buffer's start, or in the shared memory."""
        return (self.base + as_index(i)) * self.size

    def _vector(self, i: Any, width: int) -> int:
        if self.address(i) % (width * self.size):
            raise Misaligned(
                f"{self.name}[{i}]: byte address {self.address(i)} for {width * self.size} bytes"
            )
        return as_index(i)

    def _outside(self, i: Any, how: str) -> Hazard:
        low, high = self.count
        return OutOfBounds(
            f"{how} of {self.name}[{i}], which has the elements {low - self.base}..{high - self.base}"
        )

    def _race(self, i: Any, how: str, other: Stamp) -> Hazard:
        return Race(f"{self.name}[{i}] {how} by {NOW.thread.stamp}, unordered with {other}")
