"""Damaged templates are noticed: on tensor cores, of convolutions and of products with a vector.

The tiled product on ordinary units is damaged in `tests/simulated`.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

import numpy as np
import pytest

from support.block_sim import ORDERS, Hazard
from support.kernel_mutants import Mutant, damaged_steps, mutants
from support.products import ConvCase, Workbench, conv_call, conv_value, matmul_call, product, roles
from treadle.backends.numba_cuda.kernel import Steps
from treadle.backends.numba_cuda.templates import conv_steps, matmul_steps
from treadle.backends.numba_cuda.templates.gemm import tiled_steps
from treadle.backends.numba_cuda.templates.tiles import Tile, WarpTile
from treadle.lower.plan import ConvCall, MatmulCall
from treadle.types import DType

TINY = Tile(16, 32, 8, 4, 4)
CASE = ConvCase((1, 2, 4, 4), (17, 2, 3, 3), (1, 1), ((1, 1), (1, 1)))
Prepared = tuple[MatmulCall | ConvCall, Steps]


def on_tensor_cores(bench: Workbench) -> Prepared:
    """Two warps below each other, two strips, a sum that is longer than the ring."""
    call = matmul_call(bench, (1, 63, 24, 152))
    return call, tiled_steps(call, WarpTile(2, 1, 2, 2), 1)


def convolution(op: str) -> Callable[[Workbench], Prepared]:
    """A convolution of more filters than a tile has rows."""

    def prepare(bench: Workbench) -> Prepared:
        call = conv_call(bench, op, CASE)
        return call, conv_steps(call, TINY)

    return prepare


def vector(flipped: str) -> Callable[[Workbench], Prepared]:
    """A matrix and a vector."""

    def prepare(bench: Workbench) -> Prepared:
        call = matmul_call(bench, (1, 45, 1, 70), flipped)
        return call, matmul_steps(call)

    return prepare


TRIALS: dict[str, tuple[DType, Callable[[Workbench], Prepared]]] = {
    "tensor cores": (DType.BF16, on_tensor_cores),
    "conv": (DType.F32, convolution("conv")),
    "conv_input_grad": (DType.F32, convolution("conv_input_grad")),
    "conv_filter_grad": (DType.F32, convolution("conv_filter_grad")),
    "gemv by warps": (DType.F32, vector("")),
    "gemv by lanes": (DType.F32, vector("a")),
}
HARMLESS = {
    "*: bound *: for t in range(tiles):": "a further tile of zeros adds nothing",
    "tensor cores: bound *: valid > 8": "8 becomes 8",
    "tensor cores: bound *: valid < 0": "0 becomes 0",
    "tensor cores: barrier 5: cuda.syncthreads()": "nothing follows the last strip",
    "*: bound 1: a_k* < k_end": "the first tile has all of its terms",
    "conv*: bound *: b_k < k_end": "the left operand is zero there",
    "conv_input_grad: bound *: uint32(b_left + across) < uint32(b_width)": "not this tap's edge",
    "conv_filter_grad: bound *: uint32(left + b_across*) < uint32(b_width)": "not this tap's edge",
}
"""Damage that changes no result, by trial, kind, place and piece; and why."""


def noticed(name: str, order: str, mutant: Mutant | None) -> bool:
    """Whether a run ends in a hazard or a wrong result."""
    dtype, prepare = TRIALS[name]
    bench = Workbench(dtype)
    call, steps = prepare(bench)
    if mutant is not None:
        steps = damaged_steps(steps, steps.sources()[0], mutant)
    try:
        bench.run(steps, roles(call), order)
        return not is_right(bench, call)
    except (Hazard, IndexError, OverflowError):
        return True


def is_right(bench: Workbench, call: MatmulCall | ConvCall) -> bool:
    """Whether every element of the result is."""
    tolerance = 2**-8 if bench.dtype is DType.BF16 else 1e-5
    if isinstance(call, MatmulCall):
        return np.allclose(bench.written(call.c), product(bench, call), rtol=tolerance, atol=tolerance)
    return np.allclose(bench.written(call.output), conv_value(bench, call), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", TRIALS)
def test_undamaged(name: str) -> None:
    """Nothing is noticed where nothing is wrong."""
    assert not any(noticed(name, order, None) for order in ORDERS)


@pytest.mark.parametrize("name", TRIALS)
def test_no_mutant_survives(name: str) -> None:
    """Dropped barriers and waits, wrong bounds, shifted accesses."""
    dtype, prepare = TRIALS[name]
    [source, *_] = prepare(Workbench(dtype))[1].sources()
    survivors = [
        str(mutant)
        for mutant in mutants(source.text, 3)
        if not is_harmless(f"{name}: {mutant}") and not any(noticed(name, order, mutant) for order in ORDERS)
    ]
    assert not survivors


def is_harmless(damage: str) -> bool:
    """Whether the table says so."""
    return any(fnmatchcase(damage, pattern.replace("[", "[[]")) for pattern in HARMLESS)
