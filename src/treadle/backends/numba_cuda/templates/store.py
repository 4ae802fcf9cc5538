"""From a block's sums to memory: strip by strip through shared memory, each strip by whole lines.

Input: a `Simt` product or another that can stage its strips, and a `Tail`. Output: lines of the device
dialect."""

from __future__ import annotations

from typing import Protocol

from treadle.backends.numba_cuda.templates.simt import Strips, names
from treadle.backends.numba_cuda.templates.tail import Tail
from treadle.backends.numba_cuda.templates.text import parted, under


class Staged(Protocol):
    """A product whose sums can be brought to shared memory, a strip of rows at a time."""

    @property
    def strips(self) -> Strips:
        """How they lie there."""

    def stage_strip(self) -> list[str]:
        """Lines that bring strip `strip` to shared memory."""


def store_lines(product: Staged, tail: Tail) -> list[str]:
    """Lines that store all strips of a block's tile, within `m` rows and `n` columns."""
    strips = product.strips
    runs = strips.columns // tail.run
    rows = strips.threads // runs
    strip_row, strip_column = parted("tid", runs)
    element = [
        f"strip_row = int32(first_row + turn * {rows})",
        f"row = int32(row0 + strip * {strips.rows} + strip_row)",
        *under("if row < m and column < n:", [*_values(strips, tail.run), *tail.lines()]),
    ]
    body = [
        *product.stage_strip(),
        "cuda.syncthreads()",
        *under(f"for turn in range({strips.rows // rows}):", element),
        *(["cuda.syncthreads()"] if strips.count > 1 else []),
    ]
    return [
        f"first_row = {strip_row}",
        f"strip_column = int32({strip_column} * {tail.run})",
        "column = int32(column0 + strip_column)",
        *tail.setup,
        *under(f"for strip in range({strips.count}):", body),
    ]


def _values(strips: Strips, run: int) -> list[str]:
    at = f"int32(strip_row * {strips.stride} + strip_column)"
    if run == 1:
        return [f"value0 = shared[{at}]"]
    return [f"{names('value', run)} = shared_load{run}(shared, {at})"]
