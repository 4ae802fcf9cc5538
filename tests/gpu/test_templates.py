"""Each template on a GPU against float64, on random operands, with poisoned outputs."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import DeviceBuffer
from support.cuda_parts import needs_cublas
from support.device_runs import device_run
from support.products import Workbench, heads_call, matmul_call, operand, product, roles
from treadle.backends.numba_cuda.kernel import Steps
from treadle.backends.numba_cuda.library_products import Use, library_steps
from treadle.backends.numba_cuda.templates import matmul_steps
from treadle.loops import Call, Var
from treadle.lower.plan import Epilogue, MatmulCall
from treadle.types import DType

ERRORS = {DType.F64: 1e-12, DType.F32: 2e-6, DType.BF16: 5e-3}
"""Of an element, relative to the largest sum of absolute values: a few roundings of the type."""

SMALL = [(1, 5, 7, 9), (2, 33, 35, 37), (1, 1, 70, 40), (1, 40, 1, 70)]
LARGE = [
    (1, 1024, 1024, 1024),
    (1, 257, 1023, 511),
    (16, 129, 65, 255),
    (1, 64, 64, 100_000),
    (1, 1, 4096, 4096),
]
TYPES = [DType.F32, DType.F64, DType.BF16]


def check(driver, sizes: tuple[int, int, int, int], flipped: str, dtype: DType) -> None:
    """Runs a product and compares every element."""
    bench = Workbench(dtype)
    call = matmul_call(bench, sizes, flipped)
    compare(driver, bench, call, matmul_steps(call), 0.0)


def compare(
    driver, bench: Workbench, call: MatmulCall, steps: Steps | None, added: np.ndarray | float
) -> None:
    """Runs the steps of a product to which something is added, and compares every element."""
    assert steps is not None
    storages = roles(call)
    buffers = {role: DeviceBuffer.of(bench.buffers[s.buffer].data) for role, s in storages.items()}
    with device_run(driver, steps, buffers) as run:
        run.run({role: storage.offset * bench.dtype.itemsize for role, storage in storages.items()})
    found, wanted = bench.written(call.c), product(bench, call) + added
    scale = float((np.abs(bench.read(call.a)) @ np.abs(bench.read(call.b)) + np.abs(added).max()).max())
    assert np.abs(found - wanted).max() <= ERRORS[bench.dtype] * scale


@pytest.mark.parametrize("sizes", [(2, 3, 17, 33, 20), (2, 3, 1, 40, 64)])
@pytest.mark.parametrize("dtype", TYPES)
def test_heads(driver, sizes: tuple[int, int, int, int, int], dtype: DType) -> None:
    """Batches of two axes."""
    bench = Workbench(dtype)
    call = heads_call(bench, sizes)
    compare(driver, bench, call, matmul_steps(call), 0.0)


@needs_cublas
@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
@pytest.mark.parametrize("function", ["", "add", "sub"])
@pytest.mark.parametrize("dtype", TYPES)
def test_products_of_the_library(driver, dtype: DType, function: str, flipped: str) -> None:
    """Alone, with a bias, and with an epilogue that is a launch of its own."""
    bench = Workbench(dtype)
    sizes = 2, 40, 24, 72
    bias = operand(bench, "e0", "column", sizes[:3])
    result = Call(function, (Var("value", dtype), Var("e0", dtype)), dtype)
    call = matmul_call(bench, sizes, flipped, Epilogue((bias,), (), (result,)) if function else None)
    added = {"": 0.0, "add": 1.0, "sub": -1.0}[function] * bench.read(bias.storage)
    compare(driver, bench, call, library_steps(call, Use.ON), added)


@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
@pytest.mark.parametrize("sizes", SMALL)
@pytest.mark.parametrize("dtype", TYPES)
def test_small_products(driver, sizes, flipped, dtype) -> None:
    check(driver, sizes, flipped, dtype)


@pytest.mark.parametrize("flipped", ["", "ab"])
@pytest.mark.parametrize("sizes", LARGE)
@pytest.mark.parametrize("dtype", TYPES)
def test_large_products(driver, dry_run, sizes, flipped, dtype) -> None:
    if dry_run:
        pytest.skip("too large for the simulator")
    check(driver, sizes, flipped, dtype)
