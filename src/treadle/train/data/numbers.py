"""Arrays of a file as the numbers that they should be: whole ones for places and classes, finite ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.source import Span

_LARGEST = 2**62  # leaves room to add and to subtract


def whole_numbers(array: npt.NDArray[Any], what: str, span: Span | None) -> npt.NDArray[np.int64]:
    """An array as i64, whatever its type is.

    Raises:
        TreadleError: E0712 for NaN and infinities, E0704 for fractions and numbers beyond 2^62.
    """
    found = finite_numbers(array, what, span)
    wide = found.astype(np.float64)
    wrong = (wide != np.trunc(wide)) | (abs(wide) > _LARGEST)
    if wrong.any():
        fail("E0704", f"{what} holds {found[wrong][0]}; expected whole numbers of 64 bits", span)
    return found.astype(np.int64)


def finite_numbers(array: npt.NDArray[Any], what: str, span: Span | None) -> npt.NDArray[Any]:
    """The array itself.

    Raises:
        TreadleError: E0712 for NaN and infinities.
    """
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        fail("E0712", f"{what} holds {array[~np.isfinite(array)][0]}; expected finite numbers", span)
    return array
