"""Each template on a GPU against float64, on random operands, with poisoned outputs."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import DeviceBuffer
from support.device_runs import device_run
from support.products import Workbench, matmul_call, product, roles
from treadle.backends.numba_cuda.templates import matmul_steps
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
    storages = roles(call)
    buffers = {role: DeviceBuffer.of(bench.buffers[s.buffer].data) for role, s in storages.items()}
    with device_run(driver, matmul_steps(call), buffers) as run:
        run.run({role: storage.offset * dtype.itemsize for role, storage in storages.items()})
    found, wanted = bench.written(call.c), product(bench, call)
    scale = float((np.abs(bench.read(call.a)) @ np.abs(bench.read(call.b))).max())
    assert np.abs(found - wanted).max() <= ERRORS[dtype] * scale


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
