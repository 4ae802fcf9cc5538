"""A device without a device: notes every call, keeps memory on the host, knows what is ordered with what.

`RecordingDriver` does all copies and fills, and notes launches. `ExecutingDriver` also runs them, in the
block simulator. Both refuse what a device would corrupt or crash on: copies outside of memory, work that
touches the same bytes on two streams without an event between them, kernels that were not loaded, launches
beyond the limits of their kernel.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from support.block_sim import DeviceBuffer, View, launch
from support.block_sim.launching import POINTED, refuse_sizes
from support.block_sim.library import multiply, pointer_types
from treadle.backends.numba_cuda.driver_api import AllocationError, Bound, Device
from treadle.backends.numba_cuda.kernel import Product
from treadle.backends.numba_cuda.memory import Layout

BASE = 1 << 40
HOST = 0  # the clock's place of the thread that issues work; streams have their handles


class UnorderedError(AssertionError):
    """Two pieces of work touch the same bytes, at least one writes, and nothing orders them."""


@dataclass(frozen=True)
class Record:
    """A call on a stream, and when it happens: `clock` counts, by stream, the work that is surely before."""

    name: str
    stream: int
    details: Any
    clock: dict[int, int]

    def is_before(self, other: Record) -> bool:
        return other.clock.get(self.stream, 0) >= self.clock[self.stream]


@dataclass(frozen=True)
class Access:
    """Bytes that a record touches, on the device or in page-locked host memory."""

    record: Record
    start: int
    end: int
    writes: bool


@dataclass
class Clocks:
    """What each stream and the host know to be done."""

    now: dict[int, dict[int, int]] = field(default_factory=lambda: {HOST: {}})
    events: dict[int, dict[int, int]] = field(default_factory=dict)

    def tick(self, stream: int) -> dict[int, int]:
        clock = merged(self.now.get(stream, {}), self.now[HOST])
        clock[stream] = clock.get(stream, 0) + 1
        self.now[stream] = clock
        return dict(clock)

    def record(self, event: int, stream: int) -> None:
        self.events[event] = dict(self.now.get(stream, {}))

    def wait(self, stream: int, event: int) -> None:
        self.now[stream] = merged(self.now.get(stream, {}), self.events.get(event, {}))


def merged(one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
    """The later of two clocks, stream by stream."""
    return {stream: max(one.get(stream, 0), other.get(stream, 0)) for stream in {*one, *other}}


class RecordingDriver:
    """See the module's text. `log` has all work in order of issue; captured work is in `graphs` instead."""

    def __init__(self, memory: int = 1 << 32) -> None:
        self.device = Device("a recorded GPU", "sm_90a", memory, 132)
        self.log: list[Record] = []
        self.graphs: dict[int, list[Callable[[], None]]] = {}
        self.kernels: dict[int, tuple[bytes, int]] = {}
        self.memory = DeviceBuffer.empty(0)
        self.released: list[int] = []
        self._clocks = Clocks()
        self._accesses: list[Access] = []
        self._pinned: list[np.ndarray] = []
        self._capturing: tuple[int, list[Callable[[], None]]] | None = None
        self._handles = 0

    def allocate(self, size: int) -> int:
        if size > self.device.memory:
            raise AllocationError(size, self.device.memory)
        assert not len(self.memory.data), "a session allocates once"
        self.memory = DeviceBuffer.empty(size, name="device memory")
        return BASE

    def release(self, address: int) -> None:
        self.released.append(address)

    def host_memory(self, size: int) -> np.ndarray:
        self._pinned.append(np.zeros(size, np.uint8))
        return self._pinned[-1]

    def load(self, cubin: bytes, shared: int) -> int:
        handle = self._new_handle()
        self.kernels[handle] = cubin, shared
        return handle

    def new_stream(self) -> int:
        return self._new_handle()

    def new_event(self) -> int:
        return self._new_handle()

    def record(self, event: int, stream: int) -> None:
        self._clocks.record(event, stream)

    def mark(self, event: int, stream: int) -> None:
        assert self._captured(stream, lambda: self.record(event, stream)), "marks belong into captures"

    def wait(self, stream: int, event: int) -> None:
        self._clocks.wait(stream, event)

    def finish(self, event: int) -> None:
        self._clocks.wait(HOST, event)

    def seconds(self, start: int, end: int) -> float:
        return 1e-6 * (sum(self._clocks.events[end].values()) - sum(self._clocks.events[start].values()))

    def upload(self, address: int, source: np.ndarray, stream: int) -> None:
        assert source.flags.c_contiguous
        assert source.nbytes
        record = self._note("upload", stream, (address, source.nbytes))
        self._host_wrote(source, record)
        self._touch(record, address, source.nbytes, writes=True)
        self._touch(record, source.ctypes.data, source.nbytes, writes=False)
        self._write(address, source.reshape(-1).view(np.uint8))

    def download(self, target: np.ndarray, address: int, stream: int) -> None:
        assert target.flags.c_contiguous
        assert target.nbytes
        record = self._note("download", stream, (address, target.nbytes))
        self._touch(record, address, target.nbytes, writes=False)
        self._touch(record, target.ctypes.data, target.nbytes, writes=True)
        target.reshape(-1).view(np.uint8)[:] = self.memory.data[self._range(address, target.nbytes)]

    def copy(self, target: int, source: int, size: int, stream: int) -> None:
        record = self._note("copy", stream, (target, source, size))
        self._touch(record, source, size, writes=False)
        self._touch(record, target, size, writes=True)
        self._write(target, self.memory.data[self._range(source, size)])

    def fill(self, address: int, value: int, count: int, stream: int) -> None:
        if not self._captured(stream, lambda: self.fill(address, value, count, stream)):
            self._note("fill", stream, (address, value, count))
            self._write(address, np.full(count, value, np.uint8))

    def launch(self, kernel: int, bound: Bound, stream: int) -> None:
        if not self._captured(stream, lambda: self.launch(kernel, bound, stream)):
            self.check(kernel, bound)
            self._note("launch", stream, bound)
            self.execute(bound)

    def multiply(self, product: Product, addresses: tuple[int, ...], stream: int) -> None:
        if not self._captured(stream, lambda: self.multiply(product, addresses, stream)):
            assert len(addresses) == len(product.args)
            self._note("multiply", stream, (product, addresses))
            self.execute_product(product, addresses)

    def begin_capture(self, stream: int) -> None:
        assert self._capturing is None, "a capture is under way"
        self._capturing = stream, []

    def end_capture(self, stream: int) -> int:
        assert self._capturing is not None
        assert self._capturing[0] == stream
        handle = self._new_handle()
        self.graphs[handle] = self._capturing[1]
        self._capturing = None
        return handle

    def replay(self, graph: int, stream: int) -> None:
        self._note("replay", stream, graph)
        for step in self.graphs[graph]:
            step()

    def execute(self, bound: Bound) -> None:
        """What a launch does: nothing here."""

    def execute_product(self, product: Product, addresses: tuple[int, ...]) -> None:
        """What a product does: nothing here."""

    def check(self, kernel: int, bound: Bound) -> None:
        """Refuses a launch that a device would refuse."""
        source = bound.source
        refuse_sizes(source, bound.grid, bound.block, bound.shared)
        assert bound.shared <= self.kernels[kernel][1]
        for param, value in zip(source.params, bound.values, strict=True):
            if param.endswith("*"):
                assert self._range(int(value), 0)
                assert value % itemsize(param) == 0, (source.name, param)
            elif param[0] in "iu":
                limits = np.iinfo(np.dtype(f"{param[0]}{int(param[1:]) // 8}"))
                assert isinstance(value, int)
                assert limits.min <= value <= limits.max, (source.name, value)

    def records(self, name: str) -> list[Record]:
        """All work of a kind."""
        return [record for record in self.log if record.name == name]

    def _note(self, name: str, stream: int, details: Any) -> Record:
        record = Record(name, stream, details, self._clocks.tick(stream))
        self.log.append(record)
        return record

    def _captured(self, stream: int, step: Callable[[], None]) -> bool:
        if self._capturing is None or self._capturing[0] != stream:
            return False
        self._capturing[1].append(step)
        return True

    def _new_handle(self) -> int:
        self._handles += 1
        return self._handles

    def _range(self, address: int, size: int) -> slice:
        start = address - BASE
        assert 0 <= start <= start + size <= len(self.memory.data), f"outside of memory: {start}, {size}"
        return slice(start, start + size)

    def _write(self, address: int, content: np.ndarray) -> None:
        place = self._range(address, len(content))
        self.memory.data[place] = content
        self.memory.written[place] = True

    def _touch(self, record: Record, start: int, size: int, *, writes: bool) -> None:
        new = Access(record, start, start + size, writes)
        for old in self._overlapping(start, start + size):
            if (old.writes or writes) and not old.record.is_before(record):
                raise UnorderedError(f"{record.name} of {record.details} with {old.record.name}")
        self._accesses.append(new)

    def _host_wrote(self, source: np.ndarray, record: Record) -> None:
        """The host filled page-locked memory before this upload: earlier work on it must have been over."""
        host = Record("the host", HOST, None, {**self._clocks.now[HOST], HOST: 0})
        for old in self._overlapping(source.ctypes.data, source.ctypes.data + source.nbytes):
            if any(source.base is pinned for pinned in self._pinned) and not old.record.is_before(host):
                raise UnorderedError(
                    f"the host writes what {old.record.name} may still read, before {record}"
                )

    def _overlapping(self, start: int, end: int) -> Iterable[Access]:
        return [access for access in self._accesses if access.start < end and start < access.end]


class ExecutingDriver(RecordingDriver):
    """Runs kernels in the block simulator; `lay_out` tells which bytes a pointer may reach."""

    def __init__(self, order: str = "forward") -> None:
        super().__init__()
        self._order = order
        self._starts: list[int] = []
        self._ends: list[int] = []

    def lay_out(self, layout: Layout) -> None:
        places = sorted({(start, start + max(b.bytes, 1)) for b, start in layout.offsets.items()})
        self._starts = [start for start, _ in places]
        self._ends = [end for _, end in places]

    def execute(self, bound: Bound) -> None:
        args = [
            self._pointer(param, int(value)) if param.endswith("*") else value
            for param, value in zip(bound.source.params, bound.values, strict=True)
        ]
        launch(bound.source, bound.grid, bound.block, args, bound.shared, self._order)

    def execute_product(self, product: Product, addresses: tuple[int, ...]) -> None:
        pairs = zip(pointer_types(product), addresses, strict=True)
        multiply(product, [self._pointer(param, address) for param, address in pairs])

    def _pointer(self, param: str, address: int) -> View:
        view = self.memory.pointer(POINTED[param[:-1]], address - BASE)
        low, high = self._reach(address - BASE)
        view.count = low // view.size, high // view.size
        return view

    def _reach(self, offset: int) -> tuple[int, int]:
        """The bytes of the buffers that hold an offset; buffers of the arena may share their start."""
        last = bisect_right(self._starts, offset)
        holding = [place for place in range(last) if self._ends[place] > offset]
        return self._starts[min(holding)], max(self._ends[place] for place in holding)


def itemsize(param: str) -> int:
    """The size of what a pointer parameter points to."""
    return np.dtype(POINTED[param.removesuffix("*")]).itemsize
