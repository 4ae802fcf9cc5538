"""Matrix products against NumPy in double precision: odd sizes, any strides, epilogues, one and two
threads."""

from __future__ import annotations

import numpy as np
import pytest

from support.kernels import aligned, run_plan
from treadle.backends.numba_cpu.templates import gemm
from treadle.backends.numba_cpu.templates.epilogue import Epilogue, Operand
from treadle.backends.numba_cpu.templates.gemm import GemmSizes, GemmSpec, gemm_plan, pack_plan, packed_bytes

RANDOM = np.random.default_rng(0)


def operand(shape: tuple[int, ...], dtype: str, *, transposed: bool = False) -> np.ndarray:
    """Return random values, stored with the last two axes swapped if `transposed`."""
    stored = (*shape[:-2], shape[-1], shape[-2]) if transposed else shape
    values = aligned(stored, dtype)
    values[...] = RANDOM.standard_normal(stored)
    return values.swapaxes(-1, -2) if transposed else values


def strides(array: np.ndarray) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


def sizes_of(a: np.ndarray, b: np.ndarray, c: np.ndarray, **more: object) -> GemmSizes:
    batch, m, n = c.shape
    return GemmSizes(batch, m, n, a.shape[2], strides(a), strides(b), strides(c)[:2], **more)


def check(dtype: str, a: np.ndarray, b: np.ndarray, threads: int) -> np.ndarray:
    """Run C = A @ B, compare it with NumPy, and return it."""
    c = aligned((a.shape[0], a.shape[1], b.shape[2]), dtype)
    plan = gemm_plan(GemmSpec({"f4": "f32", "f8": "f64"}[dtype]), sizes_of(a, b, c), threads)
    run_plan(plan, {"a": a, "b": b, "c": c}, threads)
    tolerance = {"f4": 3e-6, "f8": 3e-15}[dtype] * max(1, a.shape[2]) ** 0.5
    np.testing.assert_allclose(c, a.astype("f8") @ b.astype("f8"), rtol=0, atol=4 * tolerance)
    return c


SHAPES = [
    (1, 1, 1),
    (1, 7, 17),
    (7, 3, 1),
    (17, 33, 9),
    (6, 16, 16),
    (65, 1, 31),
    (64, 85, 10),
    (13, 400, 47),
    (1, 203, 87),
    (1, 64, 2100),
    (1, 500, 9),
    (90, 203, 1),
]


@pytest.mark.parametrize("layout", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_product_at_odd_sizes_and_any_transposition(
    dtype: str, shape: tuple[int, int, int], layout: tuple[bool, bool]
) -> None:
    """Edges in m, n and k, blocks of k, and all four storage orders give NumPy's product."""
    m, k, n = shape
    a = operand((1, m, k), dtype, transposed=layout[0])
    b = operand((1, k, n), dtype, transposed=layout[1])
    check(dtype, a, b, threads=1)


@pytest.mark.parametrize(
    "shape",
    [
        (3, 64, 120, 130),
        (1, 300, 100, 40),
        (1, 13, 1000, 200),
        (9, 20, 30, 7),
        (2, 1, 333, 201),
        (1, 201, 333, 1),
    ],
)
def test_result_does_not_depend_on_the_number_of_threads(shape: tuple[int, int, int, int]) -> None:
    """Splitting over batch, rows or columns leaves every bit as it is."""
    batch, m, k, n = shape
    a, b = operand((batch, m, k), "f4"), operand((batch, k, n), "f4", transposed=True)
    results = [check("f4", a, b, threads) for threads in (1, 2, 3)]
    assert all((result == results[0]).all() for result in results)


def test_rows_of_b_that_share_cache_sets_are_packed() -> None:
    """A power-of-two row length takes the packing path for long products; the result is the same."""
    a, b = operand((1, 70, 90), "f4"), operand((1, 90, 1024), "f4")
    plan = gemm_plan(GemmSpec("f32"), sizes_of(a, b, aligned((1, 70, 1024), "f4")), 1)
    assert len(plan.steps) == 2
    check("f4", a, b, threads=1)


def test_empty_sum_writes_zeros() -> None:
    """k = 0 leaves no element unwritten."""
    assert (check("f4", operand((2, 7, 0), "f4"), operand((2, 0, 19), "f4"), threads=2) == 0).all()


def test_accumulate_adds_to_c() -> None:
    """`accumulate` keeps what C held, over several blocks of k and at edges."""
    a, b = operand((1, 10, gemm.K_BLOCK + 5), "f4"), operand((1, gemm.K_BLOCK + 5, 21), "f4")
    c = operand((1, 10, 21), "f4")
    expected = c + a.astype("f8") @ b
    run_plan(gemm_plan(GemmSpec("f32", accumulate=True), sizes_of(a, b, c), 1), {"a": a, "b": b, "c": c}, 1)
    np.testing.assert_allclose(c, expected, atol=2e-4)


def test_packed_once_used_twice() -> None:
    """A product whose B was packed beforehand equals the ordinary one."""
    a, b = operand((2, 33, 50), "f4"), operand((2, 50, 37), "f4")
    c = aligned((2, 33, 37), "f4")
    spec, sizes = GemmSpec("f32", b_packed=True), sizes_of(a, b, c)
    panels = aligned((packed_bytes(spec, sizes) // 4,), "f4")
    run_plan(pack_plan(spec, sizes), {"b": b, "packed": panels}, 2)
    run_plan(gemm_plan(spec, sizes, 2), {"a": a, "b": panels, "c": c}, 2)
    np.testing.assert_allclose(c, a.astype("f8") @ b, atol=1e-4)


@pytest.mark.parametrize(("m", "k", "n"), [(23, 30, 35), (1, 130, 70), (70, 130, 1)])
def test_epilogue_with_operands_of_every_kind_and_two_outputs(m: int, k: int, n: int) -> None:
    """Scalar, row, column and full operands meet the sum at the right place; both outputs are complete."""
    a, b = operand((2, m, k), "f4"), operand((2, k, n), "f4")
    scale, rows, bias, skip = (operand(shape, "f4") for shape in ((1, 1), (m, 1), (1, n), (2 * m, n)))
    c, kept = aligned((2, m, n), "f4"), aligned((2, m, n), "f4")
    epilogue = Epilogue(
        operands=(
            Operand("scale", "f32", "scalar"),
            Operand("gain", "f32", "row"),
            Operand("bias", "f32", "column"),
            Operand("skip", "f32", "full"),
        ),
        lines=("t = value * scale + gain + bias", "t = t + skip"),
        outputs=("maximum(t, float32(0))", "exp(-absolute(t))"),
        vmath=("absolute", "exp"),
    )
    sizes = sizes_of(a, b, c, operands={"skip": (m * n, n)}, outputs=((m * n, n),))
    arrays = {"a": a, "b": b, "c": c, "scale": scale, "gain": rows, "bias": bias, "skip": skip, "out1": kept}
    run_plan(gemm_plan(GemmSpec("f32", epilogue), sizes, 2), arrays, 2)
    total = (a.astype("f8") @ b) * scale + rows + bias + skip.reshape(2, m, n)
    np.testing.assert_allclose(c, np.maximum(total, 0), atol=1e-4)
    np.testing.assert_allclose(kept, np.exp(-np.abs(total)), atol=1e-4)


def test_nan_in_an_operand_reaches_the_result() -> None:
    """One NaN of A poisons its row and nothing else."""
    a, b = operand((1, 9, 12), "f4"), operand((1, 12, 20), "f4")
    a[0, 3, 5] = np.nan
    c = aligned((1, 9, 20), "f4")
    c[...] = 0
    run_plan(gemm_plan(GemmSpec("f32"), sizes_of(a, b, c), 1), {"a": a, "b": b, "c": c}, 1)
    assert np.isnan(c[0, 3]).all()
    assert np.isfinite(np.delete(c[0], 3, axis=0)).all()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("rows", "depth", "columns"), [(5, 7, 20), (600, 7, 20), (1, 70, 80)])
def test_batches_of_two_axes(rows, depth, columns, threads):
    """The heads of an attention: [B, T, H, D] seen as [B, H, T, D]; B in place, packed, or by one row."""
    outer, inner = 3, 2
    a = operand((outer, rows, inner, depth), "f4")
    b = operand((outer, depth, inner, columns), "f4")
    c = aligned((outer * inner, rows, columns), "f4")
    (a_o, a_m, a_b, a_k), (b_o, b_k, b_b, b_n) = strides(a), strides(b)
    sizes = GemmSizes(
        outer * inner, rows, columns, depth, (a_b, a_m, a_k), (b_b, b_k, b_n), strides(c)[:2],
        inner=inner, outer=(a_o, b_o),
    )  # fmt: skip
    run_plan(gemm_plan(GemmSpec("f32"), sizes, threads), {"a": a, "b": b, "c": c}, threads)
    expected = a.astype("f8").swapaxes(1, 2) @ b.astype("f8").swapaxes(1, 2)
    np.testing.assert_allclose(c, expected.reshape(c.shape), atol=2e-5)
