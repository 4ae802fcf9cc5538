"""Every damaged kernel is noticed by the simulator: a hazard, or a wrong result; there are no survivors."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from simulated.trials import Trial, body, matmul
from support.block_sim import ORDERS, Hazard
from support.kernel_mutants import Mutant, damaged_steps, mutants
from treadle.backends.numba_cuda.kernel import KernelSource
from treadle.backends.numba_cuda.templates.tiles import Tile

RANDOM = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


TRIALS = {
    "matmul": lambda: matmul((2, 29, 30), tuple(range(9, 17)), Tile(32, 32, 8, 8, 4)),
    "matmul_in_parts": lambda: matmul((1, 29, 30), tuple(range(17, 25)), Tile(32, 32, 8, 8, 4), parts=2),
    "elementwise": lambda: body("output y = tanh(a) * b + 1", a=floats(37, 11), b=floats(11)),
    "vectors": lambda: body("output y = a * b", a=floats(513, 4), b=floats(513, 4)),
    "short_rows": lambda: body("output y = softmax(a)", a=floats(9, 33)),
    "long_rows": lambda: body("output y = softmax(a)", a=floats(3, 1025)),
    "columns": lambda: body("output y = sum(a, axis = 0)", a=floats(67, 41)),
    "whole": lambda: body("output y = sum(a * a)", a=floats(5, 1031)),
    "gather": lambda: body("output y = a[i]", a=floats(7, 13), i=RANDOM.integers(0, 7, 29)),
    "pooling": lambda: body("output y = max_pool(a, 2)", a=floats(2, 3, 7, 9)),
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
