"""Tile shapes by processor: how many rows and vectors of sums fit the registers.

Input: the processor's vector width and the element type. Output: `Tile`.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.backends.numba_cpu import cpu

ELEMENT_BYTES = {"f32": 4, "f64": 8}
_ROWS_AND_VECTORS = {128: (6, 2), 256: (6, 2), 512: (14, 2)}


@dataclass(frozen=True)
class Tile:
    """`rows` by `vectors * lanes` sums."""

    rows: int
    vectors: int
    lanes: int

    @property
    def width(self) -> int:
        """Columns of a tile."""
        return self.vectors * self.lanes

    @property
    def low_rows(self) -> int:
        """Rows of the tile for what is left of products whose rows are a power of two."""
        return 4 if self.rows < 8 else 8


def tile_shape(dtype: str) -> Tile:
    """Return the shape that keeps this processor's multipliers busy with all sums in registers."""
    host = cpu.host()
    rows, vectors = _ROWS_AND_VECTORS[host.vector_bits]
    return Tile(rows, vectors, host.lanes(8 * ELEMENT_BYTES[dtype]))


def narrow_tile(dtype: str) -> Tile:
    """Return a shape of few rows, for products with few of them."""
    return Tile(6, 2, cpu.host().lanes(8 * ELEMENT_BYTES[dtype]))


def row_tile(dtype: str) -> Tile:
    """Return one long row of sums, for products that share nothing between rows."""
    return Tile(1, 8, cpu.host().lanes(8 * ELEMENT_BYTES[dtype]))
