"""Runs steps on a GPU through a driver: buffers go to the device, steps run, buffers come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from support.block_sim import DeviceBuffer, View
from support.block_sim.launching import POINTED
from support.recording_driver import BASE, ExecutingDriver
from treadle.backends.numba_cuda.cache import cubins
from treadle.backends.numba_cuda.driver_api import Bound, Driver, Handle
from treadle.backends.numba_cuda.kernel import Fill, KernelSource, Launch, Pointer, Product, Step, Steps
from treadle.lower.arena import aligned

ALIGNMENT = 256


class SimulatedDevice(ExecutingDriver):
    """A device that is simulated, for trying out what is meant for a GPU: any number of allocations."""

    def allocate(self, size: int) -> int:
        self.memory = DeviceBuffer.empty(0)
        return super().allocate(size)

    def _pointer(self, param: str, address: int) -> View:
        return self.memory.pointer(POINTED[param[:-1]], address - BASE)


class DeviceRun:
    """Buffers in one allocation of a device, and the kernels of some steps."""

    def __init__(self, driver: Driver, steps: Steps, buffers: Mapping[str, DeviceBuffer]) -> None:
        self.driver = driver
        self.steps = steps
        self.buffers = {**buffers, "scratch": DeviceBuffer.empty(steps.scratch_bytes, name="scratch")}
        self.stream = driver.new_stream()
        self.base, self.offsets = self._place()
        self.kernels = self._load()

    def run(self, bases: Mapping[str, int] | None = None) -> None:
        """Uploads all buffers, poison included, runs the steps once, and downloads the buffers."""
        for role, buffer in self.buffers.items():
            if len(buffer.data):
                self.driver.upload(self.offsets[role], buffer.data, self.stream)
        self.start(bases)
        for role, buffer in self.buffers.items():
            if len(buffer.data):
                self.driver.download(buffer.data, self.offsets[role], self.stream)
        self.finish()

    def start(self, bases: Mapping[str, int] | None = None) -> None:
        """Puts the steps on the stream."""
        for step in self.steps.steps:
            self._start(step, bases or {})

    def seconds(self, times: int, bases: Mapping[str, int] | None = None) -> float:
        """The mean time of the steps, from events around `times` runs after a first one."""
        self.start(bases)
        begin, end = self.driver.new_event(), self.driver.new_event()
        self.driver.record(begin, self.stream)
        for _ in range(times):
            self.start(bases)
        self.driver.record(end, self.stream)
        self.driver.finish(end)
        return self.driver.seconds(begin, end) / times

    def finish(self) -> None:
        """Waits for the stream."""
        done = self.driver.new_event()
        self.driver.record(done, self.stream)
        self.driver.finish(done)

    def release(self) -> None:
        """Gives the memory back."""
        self.finish()
        self.driver.release(self.base)

    def _place(self) -> tuple[int, dict[str, int]]:
        sizes = {role: aligned(max(1, len(buffer.data)), ALIGNMENT) for role, buffer in self.buffers.items()}
        base = self.driver.allocate(sum(sizes.values()))
        offsets, at = {}, base
        for role, size in sizes.items():
            offsets[role] = at
            at += size
        return base, offsets

    def _load(self) -> dict[KernelSource, Handle]:
        sources = self.steps.sources()
        codes = cubins(sources, self.driver.device.target)
        shared = {source: self._shared(source) for source in sources}
        return {s: self.driver.load(code, shared[s]) for s, code in zip(sources, codes, strict=True)}

    def _shared(self, source: KernelSource) -> int:
        return max(s.shared for s in self.steps.steps if isinstance(s, Launch) and s.source == source)

    def _start(self, step: Step, bases: Mapping[str, int]) -> None:
        if isinstance(step, Fill):
            self.driver.fill(self._address(step.pointer, bases), step.value, step.count, self.stream)
            return
        if isinstance(step, Product):
            addresses = tuple(self._address(pointer, bases) for pointer in step.args)
            self.driver.multiply(step, addresses, self.stream)
            return
        values = tuple(self._address(a, bases) if isinstance(a, Pointer) else a for a in step.args)
        bound = Bound(step.source, step.grid, step.block, values, step.shared)
        self.driver.launch(self.kernels[step.source], bound, self.stream)

    def _address(self, pointer: Pointer, bases: Mapping[str, int]) -> int:
        return self.offsets[pointer.role] + bases.get(pointer.role, 0) + pointer.offset


@contextmanager
def device_run(driver: Driver, steps: Steps, buffers: Mapping[str, DeviceBuffer]) -> Iterator[DeviceRun]:
    """A run whose memory is given back."""
    run = DeviceRun(driver, steps, buffers)
    try:
        yield run
    finally:
        run.release()
