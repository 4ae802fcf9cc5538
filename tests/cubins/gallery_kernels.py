"""The kernels of all gallery specs, and what is wrong with their machine code.

Works in several processes: planning a large network and compiling a thousand kernels take their time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from support.sass import DYNAMIC_SHARED, broken_limits, read_code
from treadle.backends.numba_cuda.backend import plan_session
from treadle.backends.numba_cuda.compile import compile_cubin
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.cli.specs import gallery
from treadle.driver import optimise, restrict
from treadle.frontend.load import load_spec
from treadle.train.length import TOTAL_STEPS
from treadle.train.metrics import is_measured
from treadle.train.programs import sized

WORKERS = 2
EXPECTED = {
    "mma_bf16_16816": "HMMA",
    "ldmatrix_x4": "LDSM",
    "cp_async16": "LDGSTS",
    "shfl_xor_sync": "SHFL",
    "cuda.syncthreads": "BAR",
    "shared_load4": "LDS.128",
}
"""What a name in a kernel's text must become in its machine code."""

Kernels = list[tuple[KernelSource, int]]


def kernels_of_spec(name: str) -> Kernels:
    """The distinct kernels of a spec's training and evaluation, each with its most dynamic shared memory."""
    found: dict[KernelSource, int] = {}
    for plan in load_spec(gallery()[name]).trains.values():
        graphs = {phase.name: phase.graph for phase in plan.phases}
        graphs["evaluation"] = restrict(plan.eval.graph, is_measured)
        programs = {
            key: optimise(sized(graph, plan.batch, {TOTAL_STEPS: 100})) for key, graph in graphs.items()
        }
        shared = plan_session(programs)[1].shared()
        found |= {source: max(size, found.get(source, 0)) for source, size in shared.items()}
    return list(found.items())


def problems(source: KernelSource, shared: int, target: str) -> list[str]:
    """What is wrong with a kernel's machine code for a target."""
    code = read_code(compile_cubin(source, target))
    missing = [
        f"no {opcode}"
        for name, opcode in EXPECTED.items()
        if f"{name}(" in source.text and not code.count(opcode)
    ]
    above = [f"{shared} bytes of dynamic shared memory"] if shared > DYNAMIC_SHARED[target] else []
    return [f"{source.name} for {target}: {what}" for what in broken_limits(source, code) + missing + above]


def all_kernels(names: Sequence[str]) -> dict[str, Kernels]:
    """The kernels of these specs."""
    with _workers() as pool:
        return dict(zip(names, pool.map(kernels_of_spec, names), strict=True))


def all_problems(work: Iterable[tuple[KernelSource, int, str]]) -> list[list[str]]:
    """What is wrong with each kernel for its target."""
    with _workers() as pool:
        return list(pool.map(problems, *zip(*work, strict=True), chunksize=8))


def _workers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(WORKERS, mp_context=get_context("forkserver"))
