"""Every damaged kernel is noticed by the simulator: a hazard, or a wrong result; there are no survivors."""

from __future__ import annotations

from functools import cache, partial

import pytest

from simulated.trials import Trial, matmul, program
from support.block_sim import ORDERS, Hazard
from support.device_problems import PROBLEMS
from support.kernel_mutants import Mutant, damaged_steps, mutants
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.backends.numba_cuda.templates.tiles import Tile

TILE = Tile(32, 32, 8, 8, 4)
TRIALS = {
    "matmul": lambda: matmul((2, 29, 30), tuple(range(9, 17)), TILE),
    "matmul_in_parts": lambda: matmul((1, 29, 30), tuple(range(17, 25)), TILE, parts=2),
    **{name: partial(program, problem) for name, problem in PROBLEMS.items()},
}


@cache
def trial(name: str) -> Trial:
    """The trial of this name; prepared once."""
    return TRIALS[name]()


def noticed(trial: Trial, source: KernelSource, mutant: Mutant) -> bool:
    """Whether one of the orders brings a hazard or a wrong result."""
    try:
        return not all(
            trial.solves(lambda steps: damaged_steps(steps, source, mutant), order) for order in ORDERS
        )
    except (Hazard, IndexError, OverflowError):
        return True


@pytest.mark.parametrize("name", TRIALS)
def test_undamaged_kernels_solve_the_trial(name: str) -> None:
    assert all(trial(name).solves(lambda steps: steps, order) for order in ORDERS)


@pytest.mark.parametrize("name", TRIALS)
def test_no_mutant_survives(name: str) -> None:
    survivors = [
        f"{source.name}: {mutant.kind}: {piece}"
        for source in trial(name).sources
        for mutant in mutants(source.text)
        for piece in [mutant.piece.splitlines()[0]]
        if not piece.startswith(tuple(trial(name).harmless)) and not noticed(trial(name), source, mutant)
    ]
    assert not survivors
