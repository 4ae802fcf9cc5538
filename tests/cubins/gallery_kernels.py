"""The kernels of all gallery specs, and their compilation.

Works in several processes: planning a large network and compiling a thousand kernels take their time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from cubins.limits import problems
from cubins.record import TARGETS, Compilation
from treadle.backends.numba_cuda.backend import plan_session
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.driver import optimise, restrict
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.train.length import TOTAL_STEPS
from treadle.train.metrics import is_measured
from treadle.train.programs import sized

WORKERS = 2

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


def compilations(names: Sequence[str]) -> list[Compilation]:
    """The distinct kernels of these specs, each for every target."""
    shared: dict[KernelSource, int] = {}
    with _workers() as pool:
        for kernels in pool.map(kernels_of_spec, names):
            shared |= {source: max(size, shared.get(source, 0)) for source, size in kernels}
    return [(source, size, target) for target in TARGETS for source, size in shared.items()]


def all_problems(work: Iterable[Compilation]) -> list[list[str]]:
    """What is wrong with each kernel for its target."""
    with _workers() as pool:
        return list(pool.map(problems, *zip(*work, strict=True), chunksize=8))


def _workers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(WORKERS, mp_context=get_context("forkserver"))
