"""From a block's sums to memory: strip by strip through shared memory, each strip by whole lines.

Input: a `Simt` product or another that can stage its strips, and a `Tail`. Output: lines of the device dialect.
"""

from __future__ import annotations

from typing import Protocol

from treadle.backends.numba_cuda.templates.elements import Element
from treadle.backends.numba_cuda.templates.simt import Stage, names
from treadle.backends.numba_cuda.templates.tail import Tail
from treadle.backends.numba_cuda.templates.text import parted, under


class Staged(Protocol):
    """A product whose sums can be brought to shared memory, a strip of rows at a time."""

    @property
    def stage(self) -> Stage:
        """The layout of shared memory."""

    @property
    def element(self) -> Element: ...

    def stage_strip(self) -> list[str]:
        """Lines that bring strip `strip` to shared memory."""


def store_lines(product: Staged, tail: Tail) -> list[str]:
    """Lines that store all strips of a block's tile, within `m` rows and `n` columns."""
    stage, tile = product.stage, product.stage.tile
    runs = tile.columns // tail.run
    rows = tile.threads // runs
    strip_row, strip_column = parted("tid", runs)
    element = [
        f"strip_row = int32(first_row + turn * {rows})",
        f"row = int32(row0 + strip * {stage.strip_rows} + strip_row)",
        *under("if row < m and column < n:", [*_values(stage, product.element, tail.run), *tail.lines()]),
    ]
    body = [
        *product.stage_strip(),
        "cuda.syncthreads()",
        *under(f"for turn in range({stage.strip_rows // rows}):", element),
        "cuda.syncthreads()",
    ]
    return [
        f"first_row = {strip_row}",
        f"strip_column = int32({strip_column} * {tail.run})",
        "column = int32(column0 + strip_column)",
        *tail.setup,
        *under(f"for strip in range({stage.strips}):", body),
    ]


def _values(stage: Stage, element: Element, run: int) -> list[str]:
    at = f"int32(strip_row * {stage.right} + strip_column)"
    if run == 1:
        return [f"value0 = shared[{at}]"]
    return [f"{names('value', run)} = shared_load{run}(shared, {at})"]
