"""The GPU backend: graphs in, a session out.

Input: optimised graphs with static shapes. Output: a `CudaSession`. The way: lower each graph, choose the
steps of each call, compile their kernels in one batch, place all buffers in one allocation, link. Nothing is
allocated inside a step but the small output arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from treadle.backends.numba_cuda import presence
from treadle.backends.numba_cuda.batches import MOST_CALLS, batch_key
from treadle.backends.numba_cuda.cache import cubins
from treadle.backends.numba_cuda.choose import choose_steps
from treadle.backends.numba_cuda.driver_api import AllocationError, Driver, Handle
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.backends.numba_cuda.library_products import Use, library_steps, wanted_use
from treadle.backends.numba_cuda.link import Linker
from treadle.backends.numba_cuda.memory import Layout, lay_out
from treadle.backends.numba_cuda.replay import Replay
from treadle.backends.numba_cuda.session import CudaSession
from treadle.backends.protocol import DeviceMemoryError, MemoryPlan
from treadle.backends.support import check_support
from treadle.ir import Graph
from treadle.lower.batch import batched
from treadle.lower.plan import Plan
from treadle.lower.programs import lower_all
from treadle.lower.target import LANES
from treadle.ops.halves import to_words

Compiler = Callable[[Sequence[KernelSource], str], list[bytes]]
"""Cubins of kernels for a target, in order."""


class NumbaCudaBackend:
    """Compiles graphs for a GPU."""

    name = "cuda"

    def __init__(self, driver: Driver | None = None, compiler: Compiler = cubins) -> None:
        """The backend of a device; by default of the machine's first GPU, opened when it is needed."""
        self._driver = driver
        self._compiler = compiler

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> CudaSession:  # noqa: ARG002 - part of the protocol; a GPU has as many as it has
        """Compiles graphs that share leaves by name.

        Raises:
            ValueError: when the types of a leaf differ between programs.
            TreadleError: E1014 without a usable GPU, E1103 for what has no compiled form.
            DeviceMemoryError: when the memory plan does not fit on the device.
        """
        check_all(programs)
        driver = self._driver or open_driver()
        plans, linker, layout = plan_session(programs, wanted_use())
        base = _allocate(driver, layout)
        addresses = {buffer: base + offset for buffer, offset in layout.offsets.items()}
        stream = driver.new_stream()
        _initialise(driver, plans.values(), layout, base, stream)
        kernels = self._load(driver, linker)
        replays = {
            name: Replay(driver, linker.link(plan.calls), addresses, kernels) for name, plan in plans.items()
        }
        leaves = {name: storage for plan in plans.values() for name, storage in plan.leaves.items()}
        return CudaSession(driver, layout, base, stream, replays, leaves)

    def _load(self, driver: Driver, linker: Linker) -> dict[KernelSource, Handle]:
        sources, shared = linker.sources(), linker.shared()
        codes = self._compiler(sources, driver.device.target)
        return {s: driver.load(code, shared[s]) for s, code in zip(sources, codes, strict=True)}


def check_all(programs: Mapping[str, Graph]) -> None:
    """Refuses graphs with element types that kernels do not compute with.

    Raises:
        TreadleError: E1103.
    """
    for graph in programs.values():
        check_support(graph, NumbaCudaBackend.name)


def open_driver() -> Driver:
    """The machine's first GPU.

    Raises:
        TreadleError: E1014 when a part of CUDA is missing, E1015 for a GPU that is too old.
    """
    presence.require()
    from treadle.backends.numba_cuda.cuda_driver import CudaDriver  # noqa: PLC0415 - needs the CUDA packages

    return CudaDriver()


def plan_session(programs: Mapping[str, Graph], use: Use = Use.OFF) -> tuple[dict[str, Plan], Linker, Layout]:
    """Plans, their steps and the memory they need; compiles nothing and asks no device.

    Args:
        programs: graphs by name.
        use: of the library of the GPU's maker.
    """
    plans = lower_all(programs, LANES)
    for plan in plans.values():
        plan.calls = batched(plan.calls, batch_key, MOST_CALLS)
    linker = Linker(lambda call: library_steps(call, use) or choose_steps(call))
    for plan in plans.values():
        linker.prepare(plan)
    return plans, linker, lay_out(plans, linker.scratch)


def plan_memory(programs: Mapping[str, Graph], threads: int | None = None) -> MemoryPlan:  # noqa: ARG001 - as the CPU's
    """What a session of these programs would need; compiles nothing."""
    return plan_session(programs, wanted_use())[2].summary


def _allocate(driver: Driver, layout: Layout) -> int:
    try:
        return driver.allocate(max(layout.size, 1))
    except AllocationError as error:
        raise DeviceMemoryError(layout.summary, error.free) from error


def _initialise(driver: Driver, plans: Iterable[Plan], layout: Layout, base: int, stream: Handle) -> None:
    """Zeroes what is kept, as long as nothing is written there, and writes constants."""
    if layout.kept:
        driver.fill(base, 0, layout.kept, stream)
    tables = {b: b.values for plan in plans for b in plan.buffers if b.values is not None}
    arrays = {buffer: to_words(values, buffer.dtype) for buffer, values in tables.items()}
    for buffer, array in arrays.items():
        if array.nbytes:
            driver.upload(base + layout.offsets[buffer], array, stream)
    done = driver.new_event()
    driver.record(done, stream)
    driver.finish(done)
