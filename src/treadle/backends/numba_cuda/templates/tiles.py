"""How a product is cut into tiles of blocks and threads.

Input: the sizes of a product. Output: a `Tile` and the number of parts of the sum. Both follow from sizes
alone, so the order of summation does too.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.backends.numba_cuda.templates.text import ceil_div

MULTIPROCESSORS = 132
"""Blocks that a large GPU runs side by side; a constant, so that results are the same on every device."""
SHORTEST_PART = 256
"""Fewest terms of a sum for which a part of its own pays."""
MOST_PARTS = 64
DEEP = 2048
"""Terms from which a sum in parts is worth it for the sake of a larger tile."""
FULL = 0.6
"""Share of a tile that must be used then."""


@dataclass(frozen=True)
class Tile:
    """The tile of a block (rows x columns, `depth` terms at a time) and of a thread (height x width).

    `resident` is the number of blocks that shall fit on a multiprocessor.
    """

    rows: int
    columns: int
    depth: int
    height: int
    width: int
    resident: int = 1

    @property
    def down(self) -> int:
        """Threads that share the columns of a block."""
        return self.rows // self.height

    @property
    def across(self) -> int:
        """Threads that share the rows of a block."""
        return self.columns // self.width

    @property
    def threads(self) -> int:
        return self.down * self.across


LARGE = Tile(128, 128, 16, 8, 8, 2)
MEDIUM = Tile(64, 64, 16, 4, 4, 3)
SMALL = Tile(32, 32, 16, 4, 4, 8)
FLAT = Tile(16, 64, 16, 4, 4, 8)
TALL = Tile(64, 16, 16, 4, 4, 8)
DOUBLE = Tile(64, 64, 8, 4, 4, 2)
DOUBLE_SMALL = Tile(32, 32, 16, 4, 4, 4)


def choose_tile(m: int, n: int, k: int, batch: int, *, double: bool = False) -> Tile:
    """The largest tile of which there are enough to keep a large GPU busy."""
    if double:
        return DOUBLE if _keeps_busy(DOUBLE, m, n, k, batch) else DOUBLE_SMALL
    if m <= FLAT.rows or n <= TALL.columns:
        return FLAT if m <= n else TALL
    return next((tile for tile in (LARGE, MEDIUM) if _keeps_busy(tile, m, n, k, batch)), SMALL)


def _keeps_busy(tile: Tile, m: int, n: int, k: int, batch: int) -> bool:
    """Whether there are enough tiles, or, where the sum is so deep that a second stage costs little, enough
    parts of tiles that are mostly full."""
    count = blocks(tile, m, n) * batch
    if count >= MULTIPROCESSORS:
        return True
    is_full = m * n >= FULL * blocks(tile, m, n) * tile.rows * tile.columns
    return k >= DEEP and is_full and count * min(k // SHORTEST_PART, MOST_PARTS) >= MULTIPROCESSORS


def blocks(tile: Tile | WarpTile, m: int, n: int) -> int:
    """Tiles that cover an m x n matrix."""
    return ceil_div(m, tile.rows) * ceil_div(n, tile.columns)


def choose_parts(tiles: int, k: int, depth: int, parts: int | None = None) -> tuple[int, int]:
    """How many parts the sum over k is cut into, and their length, a multiple of `depth`; `parts` asks for a
    number."""
    wanted = parts or _useful_parts(tiles, k)
    share = ceil_div(ceil_div(max(1, k), wanted), depth) * depth
    return max(1, ceil_div(k, share)), share


def _useful_parts(tiles: int, k: int) -> int:
    if tiles >= MULTIPROCESSORS:
        return 1
    return max(1, min(2 * MULTIPROCESSORS // max(1, tiles), k // SHORTEST_PART, MOST_PARTS))


@dataclass(frozen=True)
class WarpTile:
    """The tile of a block on tensor cores.

    Attributes:
        warps_down, warps_across: the warps of a block.
        down: blocks of 16 rows of a warp.
        across: blocks of 8 columns of a warp; even.
        depth: terms at a time.
        stages: tiles on their way or in use.
        resident: blocks that shall fit on a multiprocessor.
    """

    warps_down: int
    warps_across: int
    down: int
    across: int
    depth: int = 32
    stages: int = 3
    resident: int = 1

    @property
    def rows(self) -> int:
        return 16 * self.warps_down * self.down

    @property
    def columns(self) -> int:
        return 8 * self.warps_across * self.across

    @property
    def threads(self) -> int:
        return 32 * self.warps_down * self.warps_across


LARGE_WARPS = WarpTile(2, 4, 4, 4, resident=2)
SMALL_WARPS = WarpTile(2, 2, 2, 4, resident=4)


def choose_warp_tile(m: int, n: int, batch: int) -> WarpTile:
    """The larger tile if there are enough of it to keep a large GPU busy."""
    enough = blocks(LARGE_WARPS, m, n) * batch >= MULTIPROCESSORS
    return LARGE_WARPS if enough else SMALL_WARPS
