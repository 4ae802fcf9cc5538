"""Every damaged kernel is noticed by the simulator: a hazard, or a wrong result; there are no survivors."""

from __future__ import annotations

from fnmatch import fnmatchcase
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
    "matmul": lambda: matmul((2, 29, 30), tuple(range(1, 17)), TILE),
    "matmul_in_parts": lambda: matmul((1, 29, 30), tuple(range(17, 33)), TILE, parts=2),
    **{name: partial(program, problem) for name, problem in PROBLEMS.items()},
}

NOT_DAMAGED = {"scatter"}
"""Its kernel clamps every index it compares, so that most damage to a bound changes nothing."""

ONCE = "keeps a second reduction off the numbers of the first; there is one"
EXACT = "the grid has a block for each row, or a second guard follows"
OWN = "each lane reads what it has written itself"
HARMLESS = {
    "gemm_f32: bound *: for t in range(tiles):": "a further tile of zeros adds nothing",
    "gemm_f32: bound *: int32(k0 + b_term *) < k_end": "the left operand is zero there",
    "gemm_f32: bound *: k_end > k": "the end becomes what it is",
    "max: barrier 1: cuda.syncthreads()": ONCE,
    "exp_sum: barrier 1: cuda.syncthreads()": ONCE,
    "sum: barrier 1: cuda.syncthreads()": ONCE,
    "sum_div: barrier 1: cuda.syncthreads()": ONCE,
    "exp_sum_div: barrier 1: cuda.syncwarp()": OWN,
    "sum_mul: bound *: row < rows": EXACT,
    "argmax: bound *: row < rows": EXACT,
    "div_sum_mul: bound *: row < rows": EXACT,
    "div_sum_mul: barrier *: cuda.syncwarp()": OWN,
    "argmax: bound *: v1po < v1p": "two lanes never hold the same index",
    "argmax: bound *: v1p < v1": "two lanes never hold the same index",
    "max: bound *: row < rows": EXACT,
    "exp_sum: bound *: row < rows": EXACT,
    "sum: bound *: row < rows": EXACT,
    "exp_sum_div: bound *: row < rows": EXACT,
    "max: index *: r0_0_f32[uint32(int32(0))]": "softmax is the same for any number near the maximum",
    "take: bound *: v0 > int64(0)": "the larger of a number and 0",
    "take: bound *: select(v0 > int64(0), v0, int64(0)) < int64(6)": "the smaller of a number and 6",
}
"""Damage that changes no result, by kernel, kind, place and piece; and why."""


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


@pytest.mark.parametrize("name", [name for name in TRIALS if name not in NOT_DAMAGED])
def test_no_mutant_survives(name: str) -> None:
    survivors = [
        f"{source.name}: {mutant}"
        for source in trial(name).sources
        for mutant in mutants(source.text)
        if not is_harmless(f"{source.name}: {mutant}") and not noticed(trial(name), source, mutant)
    ]
    assert not survivors


def is_harmless(damage: str) -> bool:
    """Whether the table says so."""
    return any(fnmatchcase(damage, pattern.replace("[", "[[]")) for pattern in HARMLESS)
