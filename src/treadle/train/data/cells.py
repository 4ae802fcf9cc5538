"""The cells of text tables: rows of bounded length, and columns that grow cell by cell.

Input: a path. Output: rows of texts, all equally long; columns as numbers. A table takes the memory of its
numbers, not of its texts, and a file without line ends is refused after the first few million characters.
"""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.source import Span

MAX_CELLS = 200_000_000

_MAX_ROW = 2**22  # characters
_MAX_COLUMNS = 100_000
_LARGEST = float(np.finfo(np.float32).max)


def text_rows(path: Path, separator: str, span: Span | None) -> Iterator[list[str]]:
    """The rows of a text table that are not empty.

    Raises:
        TreadleError: E0702 for rows of different lengths, too long ones, and files that are no UTF-8 text.
    """
    width = count = 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            lines = _Lines(stream)
            for row in csv.reader(lines, delimiter=separator):
                lines.taken = 0
                if row:
                    count, width = count + 1, width or len(row)
                    _check(row, width, count)
                    yield row
    except (OSError, ValueError, csv.Error) as error:
        fail("E0702", f"{path}: {error}", span)


def _check(row: list[str], width: int, count: int) -> None:
    if len(row) != width:
        raise ValueError(f"row {count}: expected {width:,} cells, found {len(row):,}")
    if width > _MAX_COLUMNS:
        raise ValueError(f"it has {width:,} columns; at most {_MAX_COLUMNS:,} are read")
    if count * width > MAX_CELLS:
        raise ValueError(f"it has more than {MAX_CELLS:,} cells")


class _Lines:
    """The lines of a stream, none longer than a row may be; a quoted cell makes several lines one row."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._number = 0
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(_MAX_ROW + 1)
        if not line:
            raise StopIteration
        self._number += 1
        self.taken += len(line)
        if self.taken > _MAX_ROW:
            raise ValueError(f"line {self._number}: a row has at most {_MAX_ROW:,} characters")
        return line


class Cells:
    """A column under construction: of numbers, or of texts, as its first cell that is not empty says.

    Attributes:
        wrong: the row, counted from 1, and the text of the cell that was refused.
    """

    def __init__(self) -> None:
        """No cells yet, and no kind."""
        self.wrong = (0, "")
        self._numeric: bool | None = None
        self._classes: dict[str, int] = {}
        self._values = array("d")

    def add(self, cell: str) -> bool:
        """Takes a cell; False for one that is no finite number in a column of numbers."""
        if self._numeric is None and cell:
            self._numeric = _is_float(cell)
            if self._numeric and self._values:
                self.wrong = (1, "")
                return False
        if not self._numeric:
            self._values.append(self._classes.setdefault(cell, len(self._classes)))
            return True
        if not _is_float(cell) or not abs(float(cell)) <= _LARGEST:
            self.wrong = (len(self._values) + 1, cell)
            return False
        self._values.append(float(cell))
        return True

    def values(self) -> npt.NDArray[Any]:
        """The numbers as f32, or the places (i64) of the texts among all texts of the column in order."""
        found = np.frombuffer(self._values, np.float64)
        if self._numeric:
            return found.astype(np.float32)
        places = np.empty(len(self._classes), np.int64)
        places[[self._classes[text] for text in sorted(self._classes)]] = np.arange(len(places))
        return np.asarray(places[found.astype(np.int64)])


def parse_numbers(row: list[str]) -> list[float]:
    """The finite numbers of a row.

    Raises:
        ValueError: for a cell that is none.
    """
    wrong = next((cell for cell in row if not _is_float(cell) or not math.isfinite(float(cell))), None)
    if wrong is not None:
        raise ValueError(f"expected a finite number, found {wrong!r}")
    return [float(cell) for cell in row]


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
