"""Operands of tensor-core products: from memory to shared memory to fragments.

Input: a strided `Matrix` of 16-bit elements. Output: lines that copy its tiles and load its fragments. A tile
keeps the order that the operand has in memory, so that copies are of 16 bytes: `[row][term]` or
`[term][row]`; the matrix load transposes one of them. Rows are 16 bytes longer than needed, so that the eight
rows of a matrix lie in different banks."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.backends.numba_cuda.kernel import Pointer
from treadle.backends.numba_cuda.templates.operands import Matrix
from treadle.backends.numba_cuda.templates.text import Param, parted, plus, under

CHUNK = 8
"""Elements of one copy."""
MATRIX = 16
"""Rows, and terms, that one matrix load brings."""


@dataclass(frozen=True)
class Operand:
    """One operand of a block.

    Attributes:
        stem: of its variables, a or b.
        matrix: where it lies.
        rows, depth: its tile.
        threads: of the block.
        start: the first element of its tile in a stage.
        index: the type of element numbers.
    """

    stem: str
    matrix: Matrix
    rows: int
    depth: int
    threads: int
    start: int
    index: str

    @property
    def is_term_major(self) -> bool:
        return self.matrix.is_term_major

    @property
    def stride(self) -> int:
        """Elements from one line of the tile to the next."""
        return (self.depth if self.is_term_major else self.rows) + CHUNK

    @property
    def size(self) -> int:
        """Elements of the tile in shared memory."""
        return (self.rows if self.is_term_major else self.depth) * self.stride

    @property
    def params(self) -> list[Param]:
        kind = "i32" if self.index == "int32" else "i64"
        matrix = self.matrix
        pointer = Param(self.stem, "u16*", Pointer(matrix.role))
        return [
            pointer,
            *(Param(f"{self.stem}_{axis}", kind, value) for axis, value in matrix.strides.items()),
        ]

    @property
    def first(self) -> tuple[str, str]:
        """The variables that hold the first row of the tile and the number of rows."""
        return ("row0", "m") if self.stem == "a" else ("column0", "n")

    def setup(self) -> list[str]:
        """Lines for a thread's first chunk: its place across and along the lines of the tile."""
        across, along = parted("tid", self._lanes)
        return [f"{self.stem}_line = {across}", f"{self.stem}_lane = int32({along} * {CHUNK})"]

    @property
    def _lanes(self) -> int:
        """Threads that share a line."""
        return (self.depth if self.is_term_major else self.rows) // CHUNK

    def copies(self) -> list[str]:
        """Lines that start to copy the tile of the terms from `k_next` on, to the stage at `stage`."""
        step = self.threads // self._lanes
        count = self.size // self.stride // step
        return [line for i in range(count) for line in self._copy(i * step)]

    def _copy(self, line: int) -> list[str]:
        """Lines for one chunk; it is cut off where the terms or the rows end."""
        stem, (first, bound) = self.stem, self.first
        at = f"int32({plus(f'{stem}_line', line)})"
        row, term = (at, f"{stem}_lane") if self.is_term_major else (f"{stem}_lane", at)
        place = plus(f"stage + {stem}_line * {self.stride} + {stem}_lane", self.start + line * self.stride)
        return [
            f"row = int32({first} + {row})",
            f"term = int32(k_next + {term})",
            *(self._whole_row(bound) if self.is_term_major else self._whole_term(bound)),
            f"place = int32({place})",
            f"source = {self.index}({self.matrix.batch_start(stem)} + row * {stem}_r + term * {stem}_k)",
            *self._move(),
        ]

    def _whole_row(self, bound: str) -> list[str]:
        """Rows beyond the last are the last one again, and never stored; terms beyond the last are zero."""
        return [*under(f"if row >= {bound}:", [f"row = int32({bound} - 1)"]), *_valid("k_end - term")]

    def _whole_term(self, bound: str) -> list[str]:
        return [*_valid(f"{bound} - row"), *under("if term >= k_end:", ["valid = int32(0)"])]

    @property
    def is_aligned(self) -> bool:
        """Whether every chunk begins at a multiple of 16 bytes."""
        matrix = self.matrix
        unit, other = matrix.row_stride, matrix.term_stride
        if self.is_term_major:
            unit, other = other, unit
        steps = [other, *matrix.batch_strides, matrix.storage.offset]
        steps += [step for _, step in matrix.storage.moves]
        return unit == 1 and all(step % CHUNK == 0 for step in steps)

    def _move(self) -> list[str]:
        if self.is_aligned:
            return [f"cp_async16(base + uint32(place * 2), {self.stem}, source, int32(valid * 2))"]
        unit = f"{self.stem}_k" if self.is_term_major else f"{self.stem}_r"
        body = [
            "word = uint16(0)",
            *under("if chunk < valid:", [f"word = {self.stem}[{self.index}(source + chunk * {unit})]"]),
            "ring[int32(place + chunk)] = word",
        ]
        return under(f"for chunk in range({CHUNK}):", body)

    def fragment(self, block: int, row: str) -> str:
        """The load of 16 rows from `row` and 16 terms from `k_step` on, into four registers."""
        names = ", ".join(f"{self.stem}{block}_{i}" for i in range(4))
        low, high = ("eighth", "half") if self.stem == "a" else ("half", "eighth")
        if self.is_term_major:
            at = f"({row} + lane_row + {low} * 8) * {self.stride} + k_step + {high} * 8"
            return f"{names} = ldmatrix_x4({_address(plus(f'now + {at}', self.start))})"
        at = f"(k_step + lane_row + {high} * 8) * {self.stride} + {row} + {low} * 8"
        return f"{names} = ldmatrix_x4_trans({_address(plus(f'now + {at}', self.start))})"


def _address(place: str) -> str:
    return f"base + uint32(({place}) * 2)"


def _valid(count: str) -> list[str]:
    """Lines that bring a count into the range of a chunk."""
    return [
        f"valid = int32({count})",
        *under(f"if valid > {CHUNK}:", [f"valid = int32({CHUNK})"]),
        *under("if valid < 0:", ["valid = int32(0)"]),
    ]
