"""Products with a vector: one row or one column of results for each batch, bound by reading the matrix once.

Input: lower's `MatmulCall` with m = 1 or n = 1. Output: a launch. The matrix has rows, one for each result,
and terms. Where terms lie next to each other a warp takes a row: its lanes sum every 32nd term, then add up
by shuffles; else neighbouring lanes take neighbouring rows, and the eight warps of a block share out the
terms and add up through shared memory. Both orders of summation are fixed. 8 warps a block, no more than 32
registers."""

from __future__ import annotations

from treadle.backends.numba_cuda.kernel import Launch, Pointer
from treadle.backends.numba_cuda.templates.elements import Element, element
from treadle.backends.numba_cuda.templates.grid import pair_lines, pair_params
from treadle.backends.numba_cuda.templates.operands import Matrix
from treadle.backends.numba_cuda.templates.places import gemm_tail, index_type, inner_batch
from treadle.backends.numba_cuda.templates.text import (
    Param,
    Shape,
    ceil_div,
    divided,
    divisors,
    launch,
    numbers,
    parted,
    under,
)
from treadle.lower.plan import MatmulCall

WARPS = 8
LANES = 32


def gemv_launch(call: MatmulCall, matrix: Matrix, vector: Matrix) -> Launch:
    """The launch of a product of a matrix (rows x terms) and a vector (one row of terms)."""
    batch, m, _ = call.c.shape
    by_warps = matrix.is_term_major
    rows_of_a_block = WARPS if by_warps else LANES
    tail = gemm_tail(call, wide=False)
    index = index_type(call)
    blocks = ceil_div(matrix.rows, rows_of_a_block)
    place = _rows_by_warps() if by_warps else _rows_by_lanes()
    total = _add_lanes() if by_warps else _add_warps(element(call.dtype))
    writer = "lane == 0" if by_warps else "warp == 0"
    store = [*_result(m), *tail.setup, *tail.lines()]
    body = [
        *place,
        *pair_lines(inner_batch(call)),
        *_start(index, matrix, vector),
        *_sum(element(call.dtype), index, LANES if by_warps else WARPS),
        *total,
        *under(f"if {writer} and line < rows:", store),
    ]
    params = [
        *_operand("a", matrix, element(call.dtype), index),
        *_operand("b", vector, element(call.dtype), index),
        *tail.params,
        *divisors(blocks=blocks),
        *pair_params(inner_batch(call)),
        *numbers(rows=matrix.rows, terms=matrix.terms),
    ]
    return launch(f"gemv_{call.dtype}", params, body, Shape(blocks * batch, WARPS * LANES, 4))


def _operand(stem: str, matrix: Matrix, kind: Element, index: str) -> list[Param]:
    number = "i32" if index == "int32" else "i64"
    pointer = Param(stem, f"{kind.pointer}*", Pointer(matrix.role))
    return [pointer, *(Param(f"{stem}_{axis}", number, value) for axis, value in matrix.strides.items())]


def _place() -> list[str]:
    warp, lane = parted("tid", LANES)
    return [
        "tid = int32(cuda.threadIdx.x)",
        "block = int32(cuda.blockIdx.x)",
        *divided(("z", "line"), "block", "blocks"),
        f"warp = {warp}",
        f"lane = {lane}",
    ]


def _rows_by_warps() -> list[str]:
    return [*_place(), f"line = int32(line * {WARPS} + warp)", "first = lane"]


def _rows_by_lanes() -> list[str]:
    return [*_place(), f"line = int32(line * {LANES} + lane)", "first = warp"]


def _start(index: str, matrix: Matrix, vector: Matrix) -> list[str]:
    """Lines that find the first term of row `line`, and of the vector; rows beyond the last are summed as the
    last one."""
    return [
        "from_row = line",
        *under("if from_row >= rows:", ["from_row = int32(rows - 1)"]),
        f"a_from = {index}({matrix.batch_start('a')} + from_row * a_r)",
        f"b_from = {index}({vector.batch_start('b')})",
    ]


def _sum(kind: Element, index: str, step: int) -> list[str]:
    """Lines that sum every `step`-th term, from `first` on."""
    left = kind.load("a", f"{index}(a_from + term * a_k)")
    right = kind.load("b", f"{index}(b_from + term * b_k)")
    return [
        f"value0 = {kind.zero}",
        *under(
            f"for term in range(first, terms, int32({step})):", [f"value0 = fma({left}, {right}, value0)"]
        ),
    ]


def _add_lanes() -> list[str]:
    return [f"value0 = value0 + cuda.shfl_xor_sync(0xFFFFFFFF, value0, {d})" for d in (16, 8, 4, 2, 1)]


def _add_warps(kind: Element) -> list[str]:
    """The sums of a row lie in as many warps; the first warp adds them up in order."""
    others = [f"value0 = value0 + shared[int32(lane + {warp * LANES})]" for warp in range(1, WARPS)]
    return [
        f"shared = cuda.shared.array({WARPS * LANES}, {kind.math})",
        "shared[tid] = value0",
        "cuda.syncthreads()",
        *under("if warp == 0:", others),
    ]


def _result(m: int) -> list[str]:
    """The place of a result: rows of the matrix are columns of the result if that has one row."""
    return ["row = int32(0)", "column = line"] if m == 1 else ["row = line", "column = int32(0)"]
