"""A small matrix of a batch, in memory that a kernel changes: elements, rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.loops import Expr, Index, Kind, Var
from treadle.lower.access import SCALAR
from treadle.lower.emitter import Indices
from treadle.lower.storage import Storage
from treadle.lower.sweep import Sweep


@dataclass
class Matrix:
    """The matrix at the indices `batch` of a storage."""

    sweep: Sweep
    place: Storage
    batch: Indices

    @property
    def columns(self) -> int:
        return self.place.shape[-1]

    def get(self, row: Index, column: Index) -> Expr:
        """An element, to be used before the next change."""
        return self.sweep.load(self.place, (*self.batch, row, column))

    def read(self, row: Index, column: Index) -> Var:
        """An element as it is now."""
        return self.sweep.emitter.let_here(self.get(row, column))

    def set(self, row: Index, column: Index, value: Expr) -> None:
        """Writes an element."""
        self.sweep.store(self.place, (*self.batch, row, column), value)

    def swap_rows(self, first: Index, second: Index) -> None:
        """Exchanges two rows."""
        with self.sweep.emitter.loop(self.columns, Kind.SERIAL) as j:
            a, b = self.read(first, j), self.read(second, j)
            self.set(first, j, b)
            self.set(second, j, a)

    def subtract_row(self, row: Index, factor: Expr, other: Index) -> None:
        """row <- row - factor * other."""
        with self.sweep.emitter.loop(self.columns, Kind.SERIAL) as j:
            self.set(row, j, SCALAR.sub(self.get(row, j), SCALAR.mul(factor, self.get(other, j))))

    def swap_columns(self, first: Index, second: Index) -> None:
        """Exchanges two columns."""
        with self.sweep.emitter.loop(self.place.shape[-2], Kind.SERIAL) as i:
            a, b = self.read(i, first), self.read(i, second)
            self.set(i, first, b)
            self.set(i, second, a)

    def turn_columns(self, first: Index, second: Index, cosine: Expr, sine: Expr) -> None:
        """Rotates two columns in their plane."""
        with self.sweep.emitter.loop(self.place.shape[-2], Kind.SERIAL) as i:
            a, b = self.read(i, first), self.read(i, second)
            self.set(i, first, SCALAR.sub(SCALAR.mul(cosine, a), SCALAR.mul(sine, b)))
            self.set(i, second, SCALAR.add(SCALAR.mul(sine, a), SCALAR.mul(cosine, b)))

    def turn_rows(self, first: Index, second: Index, cosine: Expr, sine: Expr) -> None:
        """Rotates two rows in their plane."""
        with self.sweep.emitter.loop(self.columns, Kind.SERIAL) as j:
            a, b = self.read(first, j), self.read(second, j)
            self.set(first, j, SCALAR.sub(SCALAR.mul(cosine, a), SCALAR.mul(sine, b)))
            self.set(second, j, SCALAR.add(SCALAR.mul(sine, a), SCALAR.mul(cosine, b)))
