"""Tables: what every loader returns, equally long typed columns of examples.

Non-goals: reading files, computing the inputs of a model (`columns`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.source import Span
from treadle.types import DType, TensorType

Array = npt.NDArray[np.generic]

TRAIN = "train"  # the split that is trained on; the others are evaluated

_WIDENED = {"int8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}
_KNOWN = {dtype.numpy_name: dtype for dtype in DType if dtype is not DType.BF16}


@dataclass(frozen=True)
class Table:
    """Columns of examples: axis 0 of every array counts the examples."""

    columns: Mapping[str, Array]

    @property
    def size(self) -> int:
        """Number of examples."""
        return len(next(iter(self.columns.values())))

    @property
    def nbytes(self) -> int:
        """Bytes of all columns together."""
        return sum(array.nbytes for array in self.columns.values())

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Table:
        """The table of some rows, in the given order."""
        return Table({name: array[rows] for name, array in self.columns.items()})

    def types(self) -> dict[str, TensorType]:
        """The type of each column, the number of examples included."""
        return {name: array_type(array) for name, array in self.columns.items()}


Splits = dict[str, Table]


def array_type(array: Array) -> TensorType:
    """The tensor type of an array of one of Treadle's element types."""
    return TensorType(_KNOWN[array.dtype.name], tuple(array.shape))


def make_table(columns: Mapping[str, Array], what: str, span: Span | None = None) -> Table:
    """A table of columns brought to Treadle's element types.

    Raises:
        TreadleError: E0704 for an element type that no tensor has, E0706 without columns, E0707 for columns
            of different lengths, E0708 without rows.
    """
    if not columns:
        fail("E0706", f"{what} holds no columns", span)
    typed = {name: _typed(name, np.asarray(array), what, span) for name, array in columns.items()}
    _check_lengths(typed, what, span)
    return Table(typed)


def _typed(name: str, array: Array, what: str, span: Span | None) -> Array:
    wanted = _WIDENED.get(array.dtype.name, array.dtype.name)
    if wanted not in _KNOWN:
        fail(
            "E0704",
            f"column `{name}` of {what} holds {array.dtype.name} values; expected one of {', '.join(_KNOWN)}",
            span,
        )
    if array.ndim == 0:
        fail("E0703", f"column `{name}` of {what} is a single value; expected one value per example", span)
    return np.ascontiguousarray(array, dtype=np.dtype(wanted))


def _check_lengths(columns: Mapping[str, Array], what: str, span: Span | None) -> None:
    lengths = {name: len(array) for name, array in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"`{name}` {count:,}" for name, count in lengths.items())
        fail("E0707", f"columns of {what} have different numbers of rows: {listed}", span)
    if 0 in lengths.values():
        fail("E0708", f"{what} has no rows", span)
