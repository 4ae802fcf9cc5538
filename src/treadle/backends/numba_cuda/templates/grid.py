"""The grid of a tiled product: which tile, batch and part of the sum a block computes.

Input: sizes and a tile. Output: the number of blocks, parameters, and the lines that take a block's number
apart. All blocks lie on the first axis of the grid, which is the only one without a low limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.backends.numba_cuda.templates.text import Param, ceil_div, divided, divisors, numbers, under
from treadle.backends.numba_cuda.templates.tiles import Tile, WarpTile


@dataclass(frozen=True)
class Grid:
    """Blocks over tiles, then parts of the sum (of `share` terms each), then the batch.

    A batch of two axes has `inner` on the second one; 0 stands for a single axis.
    """

    tile: Tile | WarpTile
    m: int
    n: int
    k: int
    batch: int = 1
    parts: int = 1
    share: int = 0
    inner: int = 0

    @property
    def blocks(self) -> int:
        return self._down * self._across * self.parts * self.batch

    @property
    def _down(self) -> int:
        return ceil_div(self.m, self.tile.rows)

    @property
    def _across(self) -> int:
        return ceil_div(self.n, self.tile.columns)

    @property
    def params(self) -> list[Param]:
        found = numbers(m=self.m, n=self.n, k=self.k)
        found += divisors(tiles_down=self._down, tiles_across=self._across)
        if self.parts > 1:
            found += [*divisors(parts=self.parts), *numbers(share=self.share)]
        return found + pair_params(self.inner)

    def lines(self) -> list[str]:
        """Lines that define tid, row0, column0, z, k0 and k_end; part if there are several; outer and within
        for a batch of two axes."""
        place = [
            "tid = int32(cuda.threadIdx.x)",
            "block = int32(cuda.blockIdx.x)",
            *divided(("rest", "row0"), "block", "tiles_down"),
            *divided(("z", "column0"), "rest", "tiles_across"),
            f"row0 = int32(row0 * {self.tile.rows})",
            f"column0 = int32(column0 * {self.tile.columns})",
        ]
        terms = self._part() if self.parts > 1 else ["k0 = int32(0)", "k_end = k"]
        return place + terms + pair_lines(self.inner)

    def _part(self) -> list[str]:
        return [
            *divided(("rest", "part"), "z", "parts"),
            "z = rest",
            "k0 = int32(part * share)",
            "k_end = int32(k0 + share)",
            *under("if k_end > k:", ["k_end = k"]),
        ]


def pair_params(inner: int) -> list[Param]:
    """Parameters for a batch of two axes, of `inner` on the second one; none for a single axis."""
    return divisors(inner=inner) if inner else []


def pair_lines(inner: int) -> list[str]:
    """Lines that take the number `z` of a batch of two axes apart."""
    return divided(("outer", "within"), "z", "inner") if inner else []
