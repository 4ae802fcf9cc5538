"""The tiled product on ordinary arithmetic units: text of its loop, whatever its operands are read from.

Input: a `Tile`, an `Element`, two `Loader`s and a `Tail`. Output: lines of the device dialect. A block
computes a tile of the result. For `depth` terms at a time its threads bring a tile of either operand into
shared memory, laid out with the terms outermost; each thread then multiplies out its own small tile from
registers. While that goes on, the next tiles are on their way; one barrier per tile suffices because they go
to the other of two stages. At the end sums pass through shared memory once more, so that a `Tail` sees them
row by row and stores whole lines.

Terms are summed in order, with fused multiply-adds; parts of a sum (`parts` > 1) are added in order by the
second stage. Results depend on the sizes only.

float32 on sm_90a, aligned operands; no spills on sm_80 and sm_90a. `reads` are FFMA per 128-bit read of
shared memory, `blocks` those that fit on a multiprocessor:

    tile        threads  registers  shared    blocks  reads
    128x128x16  256      128        33.0 KiB  2       16
    64x64x16    256      77         17.0 KiB  3       8
    32x32x16    64       89         9.0 KiB   8       8
    16x64x16    64       90         11.0 KiB  8       8
    64x16x16    64       92         11.0 KiB  8       8
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from treadle.backends.numba_cuda.templates.elements import Element
from treadle.backends.numba_cuda.templates.text import Param, parted, plus, under
from treadle.backends.numba_cuda.templates.tiles import Tile


@dataclass(frozen=True)
class Loader:
    """How the threads of a block bring a tile of an operand to shared memory.

    Attributes:
        params: what the lines use.
        setup: lines that run once; they may use `tid`, `z`, `row0` and `column0`.
        fetch: lines from memory to registers, for the terms from `k0` on, which end before `k_end`.
        place: lines from registers to shared memory, at `stage`.
    """

    params: tuple[Param, ...]
    setup: tuple[str, ...]
    fetch: tuple[str, ...]
    place: tuple[str, ...]


@dataclass(frozen=True)
class Strips:
    """How a block's result passes through shared memory, a strip of whole rows after the other.

    Attributes:
        count: strips of a block's tile.
        rows, columns: of a strip.
        stride: elements from one row to the next in shared memory.
        threads: of the block.
    """

    count: int
    rows: int
    columns: int
    stride: int
    threads: int


@dataclass(frozen=True)
class Stage:
    """Shared memory of a kernel: two stages of a left and a right tile, each row a little longer than needed
    so that the threads of a warp write to different banks."""

    tile: Tile
    element: Element

    @property
    def left(self) -> int:
        """Elements from one term of the left tile to the next."""
        return self.tile.rows + self.element.width

    @property
    def right(self) -> int:
        return self.tile.columns + self.element.width

    @property
    def right_start(self) -> int:
        """Where the right tile begins within a stage."""
        return self.tile.depth * self.left

    @property
    def size(self) -> int:
        """Elements of a stage."""
        return self.tile.depth * (self.left + self.right)

    @property
    def strips(self) -> Strips:
        """A strip is what the threads hold in one row of squares."""
        count = self.tile.height // self.element.width
        return Strips(count, self.tile.rows // count, self.tile.columns, self.right, self.tile.threads)

    @property
    def elements(self) -> int:
        """Elements of shared memory."""
        return max(2 * self.size, self.strips.rows * self.right)


@dataclass(frozen=True)
class Simt:
    """The text of a product. `store` are lines that use `value` elements of a strip."""

    tile: Tile
    element: Element
    left: Loader
    right: Loader
    stage: Stage = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stage", Stage(self.tile, self.element))

    def main_loop(self) -> list[str]:
        """Lines that leave the sums of a thread in the variables `sum_<row>_<column>`."""
        return [*self._prologue(), *self._first_tile(), *self._loop()]

    def _prologue(self) -> list[str]:
        return [
            f"shared = cuda.shared.array({self.stage.elements}, {self.element.math})",
            *thread_place(self.tile, self.element.width),
            *self.left.setup,
            *self.right.setup,
            *(f"{name} = {self.element.zero}" for name in self._sums()),
        ]

    def _sums(self) -> list[str]:
        return [sum_name(i, j) for i, j in product(range(self.tile.height), range(self.tile.width))]

    def _first_tile(self) -> list[str]:
        return [
            *self.left.fetch,
            *self.right.fetch,
            "stage = int32(0)",
            *self.left.place,
            *self.right.place,
            "cuda.syncthreads()",
        ]

    def _loop(self) -> list[str]:
        body = [
            f"now = int32((t & 1) * {self.stage.size})",
            f"stage = int32({self.stage.size} - now)",
            f"k0 = int32(k0 + {self.tile.depth})",
            *self.left.fetch,
            *self.right.fetch,
            *under(f"for step in range({self.tile.depth}):", self._multiply()),
            *self.left.place,
            *self.right.place,
            "cuda.syncthreads()",
        ]
        tiles, _ = parted(f"(k_end - k0 + {self.tile.depth - 1})", self.tile.depth)
        return [f"tiles = {tiles}", *under("for t in range(tiles):", body)]

    def _multiply(self) -> list[str]:
        """One term of every sum of a thread."""
        rows, columns = range(self.tile.height), range(self.tile.width)
        return [
            f"at = int32(now + step * {self.stage.left} + thread_row)",
            *self._read("x", self.tile.height, self.tile.rows),
            f"at = int32(now + {self.stage.right_start} + step * {self.stage.right} + thread_column)",
            *self._read("y", self.tile.width, self.tile.columns),
            *(f"{sum_name(i, j)} = fma(x{i}, y{j}, {sum_name(i, j)})" for i, j in product(rows, columns)),
        ]

    def _read(self, name: str, count: int, extent: int) -> list[str]:
        """Reads a thread's rows or columns: squares of `width`, evenly spread over the block's tile."""
        width = self.element.width
        squares = count // width
        return [
            f"{names(name, width, square * width)} = shared_load{width}(shared, {at})"
            for square in range(squares)
            for at in [plus("at", square * (extent // squares))]
        ]

    @property
    def strips(self) -> Strips:
        return self.stage.strips

    def stage_strip(self) -> list[str]:
        """Lines that bring strip `strip` of the result to shared memory."""
        lines: list[str] = []
        for strip in range(self.stage.strips.count):
            word = "if" if strip == 0 else "elif"
            lines += under(f"{word} strip == {strip}:", self._write_strip(strip))
        return lines

    def _write_strip(self, strip: int) -> list[str]:
        width, squares = self.element.width, self.tile.width // self.element.width
        space = self.tile.columns // squares
        place = f"thread_row * {self.stage.right} + thread_column"
        return [
            f"shared_store{width}(shared, int32({at}), {sums})"
            for i, s in product(range(width), range(squares))
            for at in [plus(place, i * self.stage.right + s * space)]
            for sums in [", ".join(sum_name(strip * width + i, s * width + j) for j in range(width))]
        ]


def thread_place(tile: Tile, width: int) -> list[str]:
    """Where a thread's first square lies in the tile: warps are 4 x 8 threads, or 8 x 4, and share reads."""
    across = 8 if tile.across % 8 == 0 else 4
    warp_down, warp_across = parted("warp", tile.across // across)
    lane_down, lane_across = parted("lane", across)
    warp, lane = parted("tid", 32)
    return [
        f"warp = {warp}",
        f"lane = {lane}",
        f"thread_row = int32(({warp_down} * {32 // across} + {lane_down}) * {width})",
        f"thread_column = int32(({warp_across} * {across} + {lane_across}) * {width})",
    ]


def sum_name(row: int, column: int) -> str:
    """The variable that holds one sum of a thread."""
    return f"sum_{row}_{column}"


def names(stem: str, count: int, first: int = 0) -> str:
    """Numbered variables, as the left side of an assignment."""
    return ", ".join(f"{stem}{first + i}" for i in range(count))
