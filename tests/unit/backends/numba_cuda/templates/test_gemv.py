"""Products with a vector in the block simulator equal NumPy, whichever operand is the vector."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import ORDERS
from support.products import Workbench, heads_call, matmul_call, operand, product, roles
from treadle.backends.numba_cuda.templates import matmul_steps
from treadle.loops import Call, Var
from treadle.lower.plan import Epilogue
from treadle.types import DType

Sizes = tuple[int, int, int, int]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
@pytest.mark.parametrize("sizes", [(1, 1, 37, 75), (2, 45, 1, 70), (3, 1, 1, 33), (1, 1, 9, 2)])
def test_equals_numpy(sizes: Sizes, flipped: str, order: str) -> None:
    """Rows or columns of results, terms that lie together or not."""
    bench = Workbench()
    call = matmul_call(bench, sizes, flipped)
    steps = matmul_steps(call)
    assert [source.name for source in steps.sources()] == ["gemv_f32"]
    bench.run(steps, roles(call), order)
    np.testing.assert_allclose(bench.written(call.c), product(bench, call), rtol=0, atol=1e-4)


@pytest.mark.parametrize("sizes", [(3, 2, 1, 35, 40), (2, 3, 35, 1, 7)])
def test_batches_of_two_axes(sizes: tuple[int, int, int, int, int]) -> None:
    """One query, or one key, for each head."""
    bench = Workbench()
    call = heads_call(bench, sizes)
    steps = matmul_steps(call)
    assert [source.name for source in steps.sources()] == ["gemv_f32"]
    bench.run(steps, roles(call))
    np.testing.assert_allclose(bench.written(call.c), product(bench, call), rtol=0, atol=1e-4)


def test_empty_sum_is_zero() -> None:
    """Without terms the result is zero."""
    bench = Workbench()
    call = matmul_call(bench, (1, 1, 5, 0))
    bench.run(matmul_steps(call), roles(call))
    assert not bench.written(call.c).any()


@pytest.mark.parametrize(("dtype", "tolerance"), [(DType.F64, 1e-12), (DType.BF16, 2**-8)])
def test_other_element_types(dtype: DType, tolerance: float) -> None:
    """float64, and bfloat16 summed in float32."""
    bench = Workbench(dtype)
    call = matmul_call(bench, (1, 1, 40, 50))
    bench.run(matmul_steps(call), roles(call))
    np.testing.assert_allclose(bench.written(call.c), product(bench, call), rtol=tolerance, atol=1e-4)


@pytest.mark.parametrize("sizes", [(1, 1, 37, 20), (1, 37, 1, 20)])
def test_epilogue(sizes: Sizes) -> None:
    """An operand as long as the result is added."""
    bench = Workbench()
    more = operand(bench, "bias", "full", sizes[:3])
    total = Call("add", (Var("value", DType.F32), Var("bias", DType.F32)), DType.F32)
    call = matmul_call(bench, sizes, epilogue=Epilogue((more,), (), (total,)))
    bench.run(matmul_steps(call), roles(call))
    want = product(bench, call) + bench.read(more.storage)
    np.testing.assert_allclose(bench.written(call.c), want, rtol=0, atol=1e-4)
