"""float16 and bfloat16 in NumPy: how values are rounded, widened and laid out in two bytes.

Both are stored in two bytes and computed in float32. NumPy has no bfloat16; arrays of it are float32 arrays
whose values are rounded. Rounding is to the nearest value, ties to even; what is too large becomes infinite;
NaN stays NaN. Source: IEEE 754-2019, section 4.3.1; bfloat16 is the upper half of a float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from treadle.types import DType

Array = NDArray[Any]

_QUIET = np.uint32(0x40)  # the bit that tells a NaN from an infinity, if all others are lost


def rounded(value: Any, dtype: DType) -> Array:
    """A value as an array of the type: rounded if it is a float of two bytes."""
    if dtype is DType.BF16:
        return _from_upper(_upper(np.asarray(value, np.float32)))
    if dtype is DType.F16:
        given = np.asarray(value)
        with np.errstate(over="ignore"):
            return given if given.dtype == np.float16 else given.astype(np.float32).astype(np.float16)
    return np.asarray(value, dtype.numpy_name)


def widened(value: Any) -> Any:
    """A value as one computes with it: float16 as float32, others as they are."""
    return value.astype(np.float32) if getattr(value, "dtype", None) == np.float16 else value


def to_words(value: Any, dtype: DType) -> Array:
    """A contiguous array as its elements lie in memory; bfloat16 as unsigned integers of 16 bits."""
    shape = np.shape(value)
    if dtype is DType.BF16:
        return np.ascontiguousarray(_upper(np.asarray(value, np.float32))).reshape(shape)
    return np.ascontiguousarray(rounded(value, dtype)).reshape(shape)


def from_words(words: Array, dtype: DType) -> Array:
    """The array whose elements lie in memory like this."""
    return _from_upper(words) if dtype is DType.BF16 else words


def word_type(dtype: DType) -> np.dtype[Any]:
    """NumPy's type of elements in memory."""
    return np.dtype(np.uint16 if dtype is DType.BF16 else dtype.numpy_name)


def _upper(values: Array) -> Array:
    """The nearest upper halves of float32 values."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    nearest = (bits + (np.uint32(0x7FFF) + even)) >> np.uint32(16)
    kept = (bits >> np.uint32(16)) | _QUIET
    return np.where(np.isnan(bits.view(np.float32)), kept, nearest).astype(np.uint16).reshape(values.shape)


def _from_upper(words: Array) -> Array:
    return (words.astype(np.uint32) << np.uint32(16)).view(np.float32)
