"""Matrix product C[b, m, n] = epilogue(sum over k of A[b, m, k] * B[b, k, n]).

Input: lower's `MatmulCall`: operands by any strides, a batch of one axis or two, a result with unit stride in
n. Output: `Steps` with roles a, b, c, the epilogue's operands by name, out1 and on. Kinds: tensor cores for
bfloat16 (`mma.py`), a reduction for products with a vector (`gemv.py`), tiles on the ordinary units for
everything else; a long sum over a small result is cut into parts that a second kernel adds in order. An empty
sum is zero.
"""

from __future__ import annotations

from treadle.backends.numba_cuda.kernel import Launch, Steps
from treadle.backends.numba_cuda.templates.combine import combine_launch, partial_tail
from treadle.backends.numba_cuda.templates.elements import element
from treadle.backends.numba_cuda.templates.gemv import gemv_launch
from treadle.backends.numba_cuda.templates.grid import Grid
from treadle.backends.numba_cuda.templates.mma import TensorProduct
from treadle.backends.numba_cuda.templates.operands import Matrix, left_side, matrix_loader, right_side
from treadle.backends.numba_cuda.templates.places import gemm_tail, index_type, inner_batch
from treadle.backends.numba_cuda.templates.simt import Simt, Stage
from treadle.backends.numba_cuda.templates.store import store_lines
from treadle.backends.numba_cuda.templates.tail import Tail
from treadle.backends.numba_cuda.templates.text import Shape, launch
from treadle.backends.numba_cuda.templates.tiles import (
    Tile,
    WarpTile,
    blocks,
    choose_parts,
    choose_tile,
    choose_warp_tile,
)
from treadle.lower.plan import MatmulCall
from treadle.lower.storage import Storage
from treadle.types import DType


def matmul_steps(call: MatmulCall) -> Steps:
    """The launches that compute a product.

    Raises:
        TypeError: for element types other than floats.
    """
    batch, m, n = call.c.shape
    if batch * m * n == 0:
        return Steps(())
    if min(m, n) == 1 and call.a.shape[-1] > 1:
        return Steps((vector_launch(call),))
    if call.dtype is DType.BF16:
        return tiled_steps(call, choose_warp_tile(m, n, batch))
    return tiled_steps(
        call, choose_tile(m, n, call.a.shape[-1], batch, double=element(call.dtype).width == 2)
    )


def vector_launch(call: MatmulCall) -> Launch:
    """The product of a matrix and a vector, whichever of the two operands the matrix is."""
    left, right = _left(call), _right(call)
    return gemv_launch(call, right, left) if call.c.shape[1] == 1 else gemv_launch(call, left, right)


def tiled_steps(call: MatmulCall, tile: Tile | WarpTile, parts: int | None = None) -> Steps:
    """The product by tiles, with the sum in parts where that keeps more blocks busy."""
    batch, m, n = call.c.shape
    k, kind = call.a.shape[-1], element(call.dtype)
    count, share = choose_parts(blocks(tile, m, n) * batch, k, tile.depth, parts)
    grid = Grid(tile, m, n, k, batch, count, share, inner_batch(call))
    if count == 1:
        return Steps((_tiles(call, grid, gemm_tail(call)),))
    first = _tiles(call, grid, partial_tail(kind, batch, n))
    second = combine_launch(kind, batch, m, n, count, gemm_tail(call))
    return Steps((first, second), count * batch * m * n * kind.bytes)


def _tiles(call: MatmulCall, grid: Grid, tail: Tail) -> Launch:
    tile = grid.tile
    return _on_warps(call, tile, grid, tail) if isinstance(tile, WarpTile) else _simt(call, tile, grid, tail)


def _simt(call: MatmulCall, tile: Tile, grid: Grid, tail: Tail) -> Launch:
    """The launch on ordinary arithmetic units."""
    stage = Stage(tile, element(call.dtype))
    index = index_type(call)
    left = matrix_loader(_left(call), left_side(stage), stage, index)
    right = matrix_loader(_right(call), right_side(stage), stage, index)
    product = Simt(tile, stage.element, left, right)
    params = [*left.params, *right.params, *tail.params, *grid.params]
    body = [*grid.lines(), *product.main_loop(), *store_lines(product, tail)]
    shape = Shape(grid.blocks, tile.threads, tile.resident)
    return launch(f"gemm_{call.dtype}", params, body, shape)


def _on_warps(call: MatmulCall, tile: WarpTile, grid: Grid, tail: Tail) -> Launch:
    """The launch on tensor cores."""
    product = TensorProduct.of(tile, _left(call), _right(call), index_type(call))
    params = [*product.params, *tail.params, *grid.params]
    body = [*grid.lines(), *product.main_loop(), *store_lines(product, tail)]
    shape = Shape(grid.blocks, tile.threads, tile.resident)
    return launch(f"gemm_{call.dtype}", params, body, shape, product.shared_bytes)


def _left(call: MatmulCall) -> Matrix:
    """The left operand: its rows are the product's."""
    *_, rows, terms = call.a.shape
    *_, row, term = call.a.strides
    return Matrix("a", _batch_strides(call.a), row, term, rows, terms, call.a)


def _right(call: MatmulCall) -> Matrix:
    """The right operand, transposed: its rows are the product's columns."""
    *_, terms, rows = call.b.shape
    *_, term, row = call.b.strides
    return Matrix("b", _batch_strides(call.b), row, term, rows, terms, call.b)


def _batch_strides(storage: Storage) -> tuple[int, ...]:
    """The strides of the batch's axes; 0 where there is nothing to move over."""
    pairs = zip(storage.shape[:-2], storage.strides[:-2], strict=True)
    return tuple(stride if size > 1 else 0 for size, stride in pairs)
