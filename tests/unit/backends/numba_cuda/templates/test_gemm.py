"""Tiled matrix products in the block simulator equal NumPy: odd sizes, all orders of operands, parts of the
sum."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import ORDERS
from support.products import Workbench, heads_call, matmul_call, product, roles
from treadle.backends.numba_cuda.templates import matmul_steps
from treadle.backends.numba_cuda.templates.gemm import tiled_steps
from treadle.backends.numba_cuda.templates.tiles import (
    DOUBLE,
    DOUBLE_SMALL,
    FLAT,
    LARGE,
    MEDIUM,
    SMALL,
    TALL,
    Tile,
    choose_parts,
    choose_tile,
)
from treadle.lower.plan import MatmulCall
from treadle.types import DType

TINY = Tile(16, 32, 8, 4, 4)
TOLERANCE = {DType.F32: 3e-6, DType.F64: 1e-13, DType.F16: 2e-3}
Sizes = tuple[int, int, int, int]


def check(
    bench: Workbench, call: MatmulCall, tile: Tile, parts: int | None = None, order: str = "forward"
) -> None:
    """Runs a product and compares it with NumPy."""
    bench.run(tiled_steps(call, tile, parts), roles(call), order)
    want = product(bench, call)
    scale = np.sqrt(max(1, call.a.shape[2]))
    np.testing.assert_allclose(bench.written(call.c), want, rtol=0, atol=TOLERANCE[call.dtype] * 4 * scale)


@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
@pytest.mark.parametrize("sizes", [(1, 20, 37, 19), (2, 32, 64, 16), (3, 1, 33, 9), (1, 17, 4, 1)])
def test_odd_sizes_in_every_order(sizes: Sizes, flipped: str) -> None:
    """Tails in every direction, aligned and unaligned operands, transposed or not."""
    bench = Workbench()
    check(bench, matmul_call(bench, sizes, flipped), TINY)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("sizes", [(3, 2, 18, 35, 20), (2, 3, 17, 9, 19), (1, 4, 5, 33, 16)])
def test_batches_of_two_axes(sizes: tuple[int, int, int, int, int], parts: int) -> None:
    """The heads of an attention are one launch, also where the sum is cut into parts."""
    bench = Workbench()
    check(bench, heads_call(bench, sizes), TINY, parts)


@pytest.mark.parametrize("order", ORDERS)
def test_order_of_warps_does_not_matter(order: str) -> None:
    """The same result whichever warp comes first."""
    bench = Workbench()
    check(bench, matmul_call(bench, (2, 33, 36, 20)), MEDIUM, order=order)


def test_empty_sum_is_zero() -> None:
    """With no terms the result is written, with zeros."""
    bench = Workbench()
    check(bench, matmul_call(bench, (2, 7, 5, 0)), TINY)


def test_empty_result_needs_no_launch() -> None:
    """Nothing runs for a result without elements."""
    bench = Workbench()
    assert matmul_steps(matmul_call(bench, (1, 0, 5, 3))).steps == ()


@pytest.mark.parametrize(("sizes", "parts"), [((2, 18, 20, 75), 3), ((1, 5, 33, 64), 4), ((1, 5, 8, 9), 2)])
def test_sum_in_parts(sizes: Sizes, parts: int) -> None:
    """Parts that a second kernel adds up; the last is shorter."""
    bench = Workbench()
    check(bench, matmul_call(bench, sizes), TINY, parts)


@pytest.mark.parametrize(
    ("tile", "sizes"),
    [
        (LARGE, (1, 128, 132, 18)),
        (MEDIUM, (1, 65, 64, 20)),
        (SMALL, (1, 33, 36, 20)),
        (FLAT, (1, 9, 65, 33)),
        (TALL, (1, 66, 9, 33)),
    ],
)
def test_tiles_in_use(tile: Tile, sizes: Sizes) -> None:
    """Each tile that is chosen in practice."""
    bench = Workbench()
    check(bench, matmul_call(bench, sizes), tile)


@pytest.mark.parametrize("tile", [DOUBLE, DOUBLE_SMALL])
def test_float64(tile: Tile) -> None:
    """The same text in float64, with 128-bit accesses to two elements."""
    bench = Workbench(DType.F64)
    check(bench, matmul_call(bench, (1, 66, 70, 18), "a"), tile)


def test_float16_is_computed_in_float32() -> None:
    """Elements are converted on the way in and out."""
    bench = Workbench(DType.F16)
    check(bench, matmul_call(bench, (1, 20, 36, 19)), TINY)


def test_strides_offsets_and_repeated_operands() -> None:
    """An operand that is a reversed slice, one that is repeated over the batch, a result with gaps."""
    bench = Workbench()
    a = bench.filled("a", (2, 9, 7), (100, 10, -1), offset=11)
    b = bench.filled("b", (2, 7, 12), (0, 1, 9), offset=3)
    c = bench.empty("c", (2, 9, 12), (200, 13, 1), offset=5)
    check(bench, MatmulCall(a, b, c), TINY)


def test_gaps_of_the_result_stay_untouched() -> None:
    """Nothing is written between the rows of a result."""
    bench = Workbench()
    call = matmul_call(bench, (1, 9, 13, 5), c_pad=3)
    check(bench, call, TINY)
    written = bench.buffers[call.c.buffer].written.reshape(-1, 4)[:, 0]
    assert written.sum() == 9 * 13


def test_choices_follow_from_sizes() -> None:
    """Large results get large tiles, few rows a flat one, and a long sum over a small result is cut."""
    assert choose_tile(4096, 4096, 64, 1) == LARGE
    assert choose_tile(512, 512, 64, 1) == SMALL
    assert choose_tile(512, 512, 4096, 1) == LARGE
    assert choose_tile(64, 576, 65536, 1) == MEDIUM
    assert choose_tile(8, 4096, 64, 1) == FLAT
    assert choose_tile(4096, 8, 64, 1) == TALL
    assert choose_parts(4, 100_000, 16)[0] > 1
    assert choose_parts(1000, 100_000, 16)[0] == 1
    parts, share = choose_parts(1, 1000, 16, 3)
    assert share % 16 == 0
    assert (parts - 1) * share < 1000 <= parts * share


def test_integers_are_refused() -> None:
    """There are no integer products."""
    bench = Workbench()
    call = matmul_call(bench, (1, 4, 4, 4))
    call.c.buffer.dtype = DType.I32
    with pytest.raises(TypeError, match="i32"):
        matmul_steps(call)
