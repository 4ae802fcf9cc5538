"""Buffers of more elements than 32 bits count: the same kernels with 64-bit indices."""

from __future__ import annotations

import numpy as np
import pytest

from support.products import CONVS, ConvCase, Workbench, conv_call, conv_value, matmul_call, product, roles
from treadle.backends.numba_cuda.templates import conv, conv_steps, matmul_steps, places
from treadle.types import DType


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test can hold counts as too large."""
    monkeypatch.setattr(places, "LARGEST", 10)
    monkeypatch.setattr(conv, "LARGEST", 10)


@pytest.mark.parametrize("dtype", [DType.F32, DType.BF16])
@pytest.mark.parametrize("sizes", [(2, 18, 20, 24), (1, 1, 20, 24)])
def test_matmul(sizes: tuple[int, int, int, int], dtype: DType) -> None:
    """Tiles, tensor cores and products with a vector."""
    bench = Workbench(dtype)
    call = matmul_call(bench, sizes)
    steps = matmul_steps(call)
    assert all("i64" in source.params and "int64(" in source.text for source in steps.sources())
    bench.run(steps, roles(call))
    tolerance = 2**-8 if dtype is DType.BF16 else 1e-5
    np.testing.assert_allclose(bench.written(call.c), product(bench, call), rtol=tolerance, atol=1e-4)


@pytest.mark.parametrize("op", CONVS)
@pytest.mark.parametrize("groups", [1, 4])
def test_conv(groups: int, op: str) -> None:
    """Tiles and narrow groups."""
    bench = Workbench()
    call = conv_call(bench, op, ConvCase((2, 4, 5, 5), (4, 4 // groups, 2, 2), groups=groups))
    steps = conv_steps(call)
    assert all("int64(" in source.text for source in steps.sources())
    bench.run(steps, roles(call))
    np.testing.assert_allclose(bench.written(call.output), conv_value(bench, call), rtol=0, atol=2e-5)
