"""float16 and bfloat16 in NumPy are rounded to the nearest value, ties to even, from denormals to NaN."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.ops.halves import from_words, rounded, to_words, word_type
from treadle.types import DType

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def bfloat16_values() -> np.ndarray:
    """All finite values of bfloat16 in order; a word is the upper half of a float32."""
    words = np.arange(0x7F80, dtype=np.uint32) << np.uint32(16)
    positive = words.view(np.float32)
    return np.concatenate([-positive[:0:-1], positive])


VALUES = bfloat16_values()


@given(FLOATS)
def test_bfloat16_is_the_nearest_value_ties_to_even(x: float) -> None:
    found = float(rounded(np.float32(x), DType.BF16))
    if math.isinf(found):
        assert abs(x) >= 3.3961775e38  # half a step above the largest value
        return
    at = int(np.searchsorted(VALUES, found))
    here = abs(Fraction(x) - Fraction(found))
    for other in VALUES[max(at - 1, 0) : at + 2]:
        there = abs(Fraction(x) - Fraction(float(other)))
        is_even = not int(np.float32(found).view(np.uint32)) & 0x10000
        assert here < there or other == found or (here == there and is_even)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (1 + 2**-8, 1.0),
        (1 + 3 * 2**-8, 1 + 2**-6),
        (3.4e38, math.inf),
        (-3.4e38, -math.inf),
        (9.2e-41, 9.183549615799121e-41),
        (4e-41, 0.0),
        (-0.0, -0.0),
    ],
)
def test_known_values_of_bfloat16(given_value: float, expected: float) -> None:
    found = rounded(given_value, DType.BF16)
    assert found == expected
    assert np.signbit(found) == np.signbit(expected)


@pytest.mark.parametrize("bits", [0x7F800001, 0x7FC00000, 0xFF800001, 0x7F80FFFF])
def test_nan_stays_nan(bits: int) -> None:
    """Also one whose mark lies in the half that is lost."""
    nan = np.array(bits, np.uint32).view(np.float32)
    for dtype in (DType.BF16, DType.F16):
        assert np.isnan(from_words(to_words(nan, dtype), dtype))


@given(st.lists(FLOATS, max_size=5))
def test_float16_goes_by_way_of_float32(values: list[float]) -> None:
    with np.errstate(over="ignore"):
        expected = np.array(values, np.float32).astype(np.float16)
    np.testing.assert_array_equal(rounded(np.array(values), DType.F16), expected)


@pytest.mark.parametrize("dtype", list(DType))
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 3)])
def test_words_keep_shape_and_values(dtype: DType, shape: tuple[int, ...]) -> None:
    values = rounded(np.arange(math.prod(shape)).reshape(shape) / 2, dtype)
    words = to_words(values, dtype)
    assert words.dtype == word_type(dtype)
    assert words.itemsize == dtype.itemsize
    assert words.shape == shape
    np.testing.assert_array_equal(from_words(words, dtype), values)
