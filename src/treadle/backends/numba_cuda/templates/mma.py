"""The tiled product on tensor cores: bfloat16 operands, float32 sums.

Input: lower's `MatmulCall` in bfloat16. Output: text of the loop, and of its way to a `Tail`. A block's tiles
of either operand travel through a ring of stages in shared memory by asynchronous copies, zero beyond the
ends; while those of the next terms are on their way, each warp multiplies out its part with `mma` on 16 x 8 x
16. The 16-row blocks of the warps that lie below each other take turns, so that a strip of the result is made
of whole rows. The sum of 16 terms is the hardware's; from one 16 to the next it is in order, in float32.

Operands whose lines do not begin at multiples of 16 bytes are copied element by element, without overlap.

On sm_80 and sm_90a, without spills; `reads` are products per matrix load, `blocks` those that fit on a
multiprocessor:

    tile        threads  registers  shared   blocks  reads
    128x128x32  256      128        60 KiB   2       2.7
    64x64x32    128      128        30 KiB   4       2
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from treadle.backends.numba_cuda.templates.fragments import MATRIX, Operand
from treadle.backends.numba_cuda.templates.operands import Matrix
from treadle.backends.numba_cuda.templates.simt import Strips
from treadle.backends.numba_cuda.templates.text import Param, parted, under
from treadle.backends.numba_cuda.templates.tiles import WarpTile

WORD = 2
"""Bytes of an element."""


@dataclass(frozen=True)
class TensorProduct:
    """The text of a product of `left` (rows x terms) and `right` (columns x terms)."""

    tile: WarpTile
    left: Operand
    right: Operand

    @staticmethod
    def of(tile: WarpTile, left: Matrix, right: Matrix, index: str) -> TensorProduct:
        """The product of two matrices in memory."""
        a = Operand("a", left, tile.rows, tile.depth, tile.threads, 0, index)
        b = Operand("b", right, tile.columns, tile.depth, tile.threads, a.size, index)
        return TensorProduct(tile, a, b)

    @property
    def strips(self) -> Strips:
        """A strip is one block of 16 rows of every warp."""
        rows = MATRIX * self.tile.warps_down
        return Strips(self.tile.down, rows, self.tile.columns, self.tile.columns + 4, self.tile.threads)

    @property
    def _stage(self) -> int:
        return self.left.size + self.right.size

    @property
    def shared_bytes(self) -> int:
        """Dynamic shared memory: the ring, or a strip of the result."""
        return max(self.tile.stages * self._stage * WORD, self.strips.rows * self.strips.stride * 4)

    @property
    def params(self) -> list[Param]:
        return [*self.left.params, *self.right.params]

    def main_loop(self) -> list[str]:
        """Lines that leave the sums of a thread in `sum_<block row>_<block column>_<number>`."""
        ahead = self.tile.stages - 1
        return [
            *self._prologue(),
            *under(f"for turn in range({ahead}):", self._copies("turn")),
            *self._loop(ahead),
            "cp_async_wait(0)",
            "cuda.syncthreads()",
            "shared = cuda.shared.array(0, float32)",
        ]

    def _prologue(self) -> list[str]:
        warp, lane = parted("tid", 32)
        warp_row, warp_column = parted("warp", self.tile.warps_across)
        return [
            "ring = cuda.shared.array(0, uint16)",
            "base = shared_address(ring, 0)",
            f"warp = {warp}",
            f"lane = {lane}",
            f"warp_row = int32({warp_row} * {MATRIX})",
            f"warp_column = int32({warp_column} * {self.tile.across * 8})",
            "lane_row = int32(lane & 7)",
            "eighth = int32(lane >> 3 & 1)",
            "half = int32(lane >> 4)",
            *self.left.setup(),
            *self.right.setup(),
            *(f"{name}_{i} = float32(0.0)" for name in self._sums() for i in range(4)),
        ]

    def _sums(self) -> list[str]:
        return [f"sum_{i}_{j}" for i, j in product(range(self.tile.down), range(self.tile.across))]

    def _copies(self, turn: str) -> list[str]:
        """Lines that start the copies of one turn, to its place in the ring."""
        return [
            f"stage = int32({turn} % {self.tile.stages} * {self._stage})",
            f"k_next = int32(k0 + {turn} * {self.tile.depth})",
            *self.left.copies(),
            *self.right.copies(),
            "cp_async_commit()",
        ]

    def _loop(self, ahead: int) -> list[str]:
        tiles, _ = parted(f"(k_end - k0 + {self.tile.depth - 1})", self.tile.depth)
        body = [
            f"cp_async_wait({ahead - 1})",
            "cuda.syncthreads()",
            f"turn = int32(t + {ahead})",
            *self._copies("turn"),
            f"now = int32(t % {self.tile.stages} * {self._stage})",
            *under(f"for k_step in range(0, {self.tile.depth}, {MATRIX}):", self._multiply()),
        ]
        return [f"tiles = {tiles}", *under("for t in range(tiles):", body)]

    def _multiply(self) -> list[str]:
        """Sixteen terms of every sum of a warp."""
        down, across = range(self.tile.down), range(self.tile.across)
        row_step = MATRIX * self.tile.warps_down
        return [
            *(self.left.fragment(i, f"(warp_row + {i * row_step})") for i in down),
            *(self.right.fragment(j, f"(warp_column + {j * MATRIX})") for j in range(self.tile.across // 2)),
            *(_product(i, j) for i, j in product(down, across)),
        ]

    def stage_strip(self) -> list[str]:
        """Lines that bring strip `strip` of the result to shared memory."""
        lines = [
            "corner = int32(warp_row + (lane >> 2))",
            f"corner = int32(corner * {self.strips.stride} + warp_column + (lane & 3) * 2)",
        ]
        for strip in range(self.tile.down):
            word = "if" if strip == 0 else "elif"
            lines += under(f"{word} strip == {strip}:", self._write_strip(strip))
        return lines

    def _write_strip(self, strip: int) -> list[str]:
        places = [(0, 0), (0, 1), (8, 0), (8, 1)]
        return [
            f"shared[int32(corner + {row * self.strips.stride + j * 8 + column})] = sum_{strip}_{j}_{i}"
            for j in range(self.tile.across)
            for i, (row, column) in enumerate(places)
        ]


def _product(i: int, j: int) -> str:
    """One `mma`: a right fragment holds two blocks of eight columns."""
    sums = ", ".join(f"sum_{i}_{j}_{q}" for q in range(4))
    left = ", ".join(f"a{i}_{q}" for q in range(4))
    right = ", ".join(f"b{j // 2}_{j % 2 * 2 + q}" for q in range(2))
    return f"{sums} = mma_bf16_16816({left}, {right}, {sums})"
