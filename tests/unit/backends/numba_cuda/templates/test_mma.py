"""Products on tensor cores in the block simulator equal NumPy, within the rounding of bfloat16."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import ORDERS
from support.products import Workbench, heads_call, matmul_call, product, roles
from treadle.backends.numba_cuda.templates import matmul_steps
from treadle.backends.numba_cuda.templates.gemm import tiled_steps
from treadle.backends.numba_cuda.templates.tiles import LARGE_WARPS, SMALL_WARPS, WarpTile, choose_warp_tile
from treadle.lower.plan import MatmulCall
from treadle.types import DType

TINY = WarpTile(1, 1, 1, 2)
SQUARE = WarpTile(2, 2, 2, 2)
Sizes = tuple[int, int, int, int]


def check(bench: Workbench, call: MatmulCall, tile: WarpTile, parts: int = 1, order: str = "forward") -> None:
    """Runs a product and compares it with NumPy: half a unit in the last of eight bits."""
    bench.run(tiled_steps(call, tile, parts), roles(call), order)
    want = product(bench, call)
    np.testing.assert_allclose(bench.written(call.c), want, rtol=2**-8, atol=1e-5)


@pytest.mark.parametrize("flipped", ["", "a", "b", "ab"])
@pytest.mark.parametrize("sizes", [(1, 16, 16, 32), (2, 20, 37, 51), (2, 24, 40, 72)])
def test_odd_sizes_in_every_order(sizes: Sizes, flipped: str) -> None:
    """Tails in every direction, copies that are aligned and copies that are not, transposed or not."""
    bench = Workbench(DType.BF16)
    check(bench, matmul_call(bench, sizes, flipped), TINY)


@pytest.mark.parametrize("sizes", [(3, 2, 18, 35, 24), (2, 3, 17, 9, 19)])
def test_batches_of_two_axes(sizes: tuple[int, int, int, int, int]) -> None:
    """The heads of an attention, with copies that are aligned and copies that are not."""
    bench = Workbench(DType.BF16)
    check(bench, heads_call(bench, sizes), TINY)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("depth", [0, 8, 40, 200])
def test_ring_of_stages(depth: int, order: str) -> None:
    """Fewer and more turns than the ring has stages, whichever warp comes first."""
    bench = Workbench(DType.BF16)
    check(bench, matmul_call(bench, (1, 40, 48, depth)), SQUARE, order=order)


def test_sum_in_parts() -> None:
    """Parts are kept in float32 until they are added up."""
    bench = Workbench(DType.BF16)
    check(bench, matmul_call(bench, (2, 20, 24, 100)), TINY, parts=3)


@pytest.mark.parametrize("tile", [LARGE_WARPS, SMALL_WARPS])
def test_tiles_in_use(tile: WarpTile) -> None:
    """Each tile that is chosen in practice."""
    bench = Workbench(DType.BF16)
    check(bench, matmul_call(bench, (1, tile.rows + 1, tile.columns, 40)), tile)


def test_bfloat16_goes_to_tensor_cores() -> None:
    """The choice is by element type; the tile by sizes."""
    bench = Workbench(DType.BF16)
    [source] = matmul_steps(matmul_call(bench, (1, 64, 64, 64))).sources()
    assert "mma_bf16_16816" in source.text
    assert choose_warp_tile(4096, 4096, 1) == LARGE_WARPS
    assert choose_warp_tile(256, 256, 1) == SMALL_WARPS
