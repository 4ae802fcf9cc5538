"""Small problems, one or more for each template and each schedule, on which damaged kernels must fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from support.device_problems import Problem, inputs_of
from support.products import Workbench, matmul_call, product, roles
from support.simulated_plan import SimulatedPlan, plan_sources
from support.spec_runs import model
from treadle.backends.numba_cuda.choose import choose_steps
from treadle.backends.numba_cuda.kernel import KernelSource, Steps
from treadle.backends.numba_cuda.templates.gemm import tiled_steps
from treadle.backends.numba_cuda.templates.tiles import Tile
from treadle.backends.numpy_ref import evaluate
from treadle.driver import Program, differentiate, optimise
from treadle.ir import RNG_INPUT
from treadle.lower.lower import lower
from treadle.lower.plan import Plan
from treadle.lower.target import LANES

Change = Callable[[Steps], Steps]


@dataclass(frozen=True)
class Trial:
    """Problems that the same kernels solve.

    Attributes:
        sources: the kernels.
        solves: whether all problems are solved rightly, with steps changed before they run, in an order.
    """

    sources: tuple[KernelSource, ...]
    solves: Callable[[Change, str], bool]


def matmul(
    sizes: tuple[int, int, int], terms: tuple[int, ...], tile: Tile, parts: int | None = None
) -> Trial:
    """Products of (batch, m, n) with sums of several lengths, so that every bound of the sum matters once."""

    def solve(change: Change, order: str, k: int) -> bool:
        bench = Workbench()
        call = matmul_call(bench, (*sizes, k))
        bench.run(change(tiled_steps(call, tile, parts)), roles(call), order)
        return close(bench.written(call.c), product(bench, call))

    sources = tiled_steps(matmul_call(Workbench(), (*sizes, terms[-1])), tile, parts).sources()
    return Trial(
        tuple(sources),
        lambda change, order: all(solve(change, order, k) for k in terms),
    )


def program(problem: Problem) -> Trial:
    """A model body; its kernels must give what the reference backend gives."""
    inputs = inputs_of(problem)
    graph = differentiate(model(problem.text_for(inputs)).graph)
    plan = lower(optimise(Program(graph)), target=LANES)
    wanted = evaluate(graph, {**inputs, RNG_INPUT: np.array([3, 4])})

    def solves(change: Change, order: str) -> bool:
        found, _ = SimulatedPlan(plan, order, lambda call: change(choose_steps(call))).run(
            inputs | _key(plan)
        )
        return all(close(found[name], wanted[name]) for name in wanted)

    return Trial(tuple(plan_sources(plan)), solves)


def _key(plan: Plan) -> dict[str, np.ndarray]:
    return {RNG_INPUT: np.array([3, 4])} if RNG_INPUT in plan.inputs else {}


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether results agree to float32's accuracy; a NaN never does."""
    return bool(np.allclose(found, wanted, rtol=1e-4, atol=1e-4))
