"""Loaders for operands that are matrices in memory, whatever their strides.

Input: strides of an operand as `rows x terms` (the right operand is seen transposed: its columns are its rows
here). Output: a `Loader`. Lanes of a warp run along the axis of the smaller stride; 128-bit reads are used
where every address is provably a multiple of 16 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.backends.numba_cuda.kernel import Pointer
from treadle.backends.numba_cuda.templates.elements import Element
from treadle.backends.numba_cuda.templates.simt import Loader, Stage, names
from treadle.backends.numba_cuda.templates.text import Param, parted, plus, under
from treadle.lower.storage import Storage


@dataclass(frozen=True)
class Matrix:
    """An operand: strides in elements; `rows` and `terms` are its extents, a batch stride of 0 repeats it.

    The batch has one axis, numbered `z`, or two, of which `z` counts the pairs (see `Grid`).
    """

    role: str
    batch_strides: tuple[int, ...]
    row_stride: int
    term_stride: int
    rows: int
    terms: int
    storage: Storage

    @property
    def strides(self) -> dict[str, int]:
        """The strides by the names that parameters have for them."""
        axes = ("o", "z")[-len(self.batch_strides) :]
        return {
            **dict(zip(axes, self.batch_strides, strict=True)),
            "r": self.row_stride,
            "k": self.term_stride,
        }

    def batch_start(self, stem: str) -> str:
        """The text of the element number at which a block's matrix begins."""
        if len(self.batch_strides) == 1:
            return f"z * {stem}_z"
        return f"outer * {stem}_o + within * {stem}_z"

    @property
    def is_term_major(self) -> bool:
        """Whether lanes run along the terms."""
        return self.terms > 1 and (abs(self.term_stride) < abs(self.row_stride) or self.rows == 1)

    def vectors(self, width: int) -> bool:
        """Whether runs of `width` elements along the lanes' axis begin at multiples of 16 bytes and end with
        the axis."""
        if self.is_term_major:
            unit, extent, others = self.term_stride, self.terms, (self.row_stride, self.rows)
        else:
            unit, extent, others = self.row_stride, self.rows, (self.term_stride, self.terms)
        steps = [others[0] if others[1] > 1 else 0, *self.batch_strides, self.storage.offset]
        steps += [step for _, step in self.storage.moves]
        return unit == 1 and extent % width == 0 and all(step % width == 0 for step in steps)


@dataclass(frozen=True)
class Side:
    """Which operand a loader serves: its variables' stem, and its place in a stage of shared memory.

    Attributes:
        rows: rows of its tile.
        first: the variable that holds the first row.
        bound: the variable that holds the number of rows.
        stride: from one term to the next in shared memory.
        start: where its tile begins in a stage.
    """

    stem: str
    rows: int
    first: str
    bound: str
    stride: int
    start: int


def left_side(stage: Stage) -> Side:
    """The left operand's side."""
    return Side("a", stage.tile.rows, "row0", "m", stage.left, 0)


def right_side(stage: Stage) -> Side:
    """The right operand's side."""
    return Side("b", stage.tile.columns, "column0", "n", stage.right, stage.right_start)


def matrix_loader(matrix: Matrix, side: Side, stage: Stage, index: str = "int32") -> Loader:
    """The loader of a strided operand; `index` is the type of its element numbers."""
    element = stage.element
    run = element.width if element.is_direct and matrix.vectors(element.width) else 1
    make = _along_terms if matrix.is_term_major else _along_rows
    return make(Reader(side, element, run, index, stage.tile.depth, stage.tile.threads), matrix)


@dataclass(frozen=True)
class Reader:
    """How a side's tile is shared among threads; `run` elements are read at once."""

    side: Side
    element: Element
    run: int
    index: str
    depth: int
    threads: int

    @property
    def reads(self) -> range:
        """The reads of a thread for each tile."""
        count, rest = divmod(self.side.rows * self.depth, self.run * self.threads)
        if rest:
            raise ValueError(f"{self.threads} threads cannot share a tile of {self.side.rows} x {self.depth}")
        return range(count)

    def rows(self) -> list[tuple[int, list[str]]]:
        """For each read the lines that find its row `<stem>_at`, when lanes run along the terms; rows beyond
        the last are the last one again, and never stored."""
        side, step = self.side, self.lanes(self.depth)[2]
        name = f"{side.stem}_at"
        return [
            (
                i,
                [
                    f"{name} = int32({plus(f'{side.first} + {side.stem}_row', i * step)})",
                    *under(f"if {name} >= {side.bound}:", [f"{name} = int32({side.bound} - 1)"]),
                ],
            )
            for i in self.reads
        ]

    def terms(self) -> list[tuple[int, str]]:
        """For each read its term, when lanes run along the rows."""
        step = self.lanes(self.side.rows)[2]
        return [(i, f"int32({plus(f'k0 + {self.side.stem}_term', i * step)})") for i in self.reads]

    def params(self, matrix: Matrix) -> tuple[Param, ...]:
        stem = self.side.stem
        kind = "i32" if self.index == "int32" else "i64"
        pointer = Param(stem, f"{self.element.pointer}*", Pointer(matrix.role))
        return (pointer, *(Param(f"{stem}_{axis}", kind, value) for axis, value in matrix.strides.items()))

    def clear(self) -> list[str]:
        """Registers are zero where there is nothing to read."""
        return [f"{self.register(i, j)} = {self.element.zero}" for i in self.reads for j in range(self.run)]

    def register(self, read: int, number: int) -> str:
        return f"{self.side.stem}{read}_{number}"

    def read(self, number: int, at: str) -> str:
        """The read from an element number."""
        stem = self.side.stem
        if self.run == 1:
            return f"{stem}{number}_0 = {self.element.load(stem, at)}"
        return f"{names(f'{stem}{number}_', self.run)} = load{self.run}({stem}, {at})"

    def shared(self, term: int, row: int) -> str:
        """An element number in shared memory, so many terms and rows from the thread's first."""
        side = self.side
        start = side.start + term * side.stride + row
        return f"int32({plus(f'stage + {side.stem}_term * {side.stride} + {side.stem}_row', start)})"

    def lanes(self, extent: int) -> tuple[str, str, int]:
        """A thread's place across and along an axis of so many elements, and the threads across it."""
        lanes = extent // self.run
        across, along = parted("tid", lanes)
        return across, along if self.run == 1 else f"int32({along} * {self.run})", self.threads // lanes


def _along_terms(reader: Reader, matrix: Matrix) -> Loader:
    """Lanes run along the terms; each of a thread's reads has a row of its own."""
    stem, index = reader.side.stem, reader.index
    setup = list(term_lanes(reader))
    for i, row in reader.rows():
        setup += [*row, f"{stem}_from{i} = {index}({matrix.batch_start(stem)} + {stem}_at * {stem}_r)"]
    reads = [f"{stem}_move = {index}({stem}_k_at * {stem}_k)"]
    reads += [reader.read(i, f"{index}({stem}_from{i} + {stem}_move)") for i in reader.reads]
    fetch = [
        f"{stem}_k_at = int32(k0 + {stem}_term)",
        *reader.clear(),
        *under(f"if {stem}_k_at < k_end:", reads),
    ]
    return Loader(reader.params(matrix), tuple(setup), tuple(fetch), place_terms(reader))


def term_lanes(reader: Reader) -> tuple[str, str]:
    """Lines for a thread's first term and row when lanes run along the terms."""
    row, term, _ = reader.lanes(reader.depth)
    return f"{reader.side.stem}_term = {term}", f"{reader.side.stem}_row = {row}"


def place_terms(reader: Reader) -> tuple[str, ...]:
    """Lines to shared memory when lanes run along the terms."""
    step = reader.lanes(reader.depth)[2]
    return tuple(
        f"shared[{reader.shared(j, i * step)}] = {reader.register(i, j)}"
        for i in reader.reads
        for j in range(reader.run)
    )


def row_lanes(reader: Reader) -> tuple[str, ...]:
    """Lines for a thread's row and first term when lanes run along the rows."""
    side, stem = reader.side, reader.side.stem
    term, row, _ = reader.lanes(side.rows)
    return (
        f"{stem}_row = {row}",
        f"{stem}_term = {term}",
        f"{stem}_at = int32({side.first} + {stem}_row)",
        *under(f"if {stem}_at >= {side.bound}:", [f"{stem}_at = int32({side.bound} - {reader.run})"]),
    )


def place_rows(reader: Reader) -> tuple[str, ...]:
    """Lines to shared memory when lanes run along the rows."""
    step = reader.lanes(reader.side.rows)[2]
    return tuple(_place_run(reader, i, i * step) for i in reader.reads)


def _along_rows(reader: Reader, matrix: Matrix) -> Loader:
    """Lanes run along the rows; each of a thread's reads has a term of its own."""
    stem, index = reader.side.stem, reader.index
    start = f"{stem}_from = {index}({matrix.batch_start(stem)} + {stem}_at * {stem}_r)"
    setup = (*row_lanes(reader), start)
    fetch = reader.clear()
    for i, term in reader.terms():
        read = reader.read(i, f"{index}({stem}_from + {term} * {stem}_k)")
        fetch += under(f"if {term} < k_end:", [read])
    return Loader(reader.params(matrix), setup, tuple(fetch), place_rows(reader))


def _place_run(reader: Reader, read: int, term: int) -> str:
    at = reader.shared(term, 0)
    if reader.run == 1:
        return f"shared[{at}] = {reader.register(read, 0)}"
    values = ", ".join(reader.register(read, j) for j in range(reader.run))
    return f"shared_store{reader.run}(shared, {at}, {values})"
