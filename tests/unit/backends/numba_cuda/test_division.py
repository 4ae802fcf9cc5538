"""Division by multiplication is exact for every index and every extent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.backends.numba_cuda.division import magic

SIZES = st.one_of(
    st.integers(1, 200), st.integers(1, 2**31 - 1), st.integers(0, 30).map(lambda bits: 2**bits)
)


@given(number=st.one_of(st.integers(0, 2**31 - 1), st.just(2**31 - 1)), divisor=SIZES)
def test_quotients_are_exact(number, divisor):
    multiplier, shift = magic(divisor)
    assert -(2**31) <= multiplier < 2**31
    assert number * (multiplier % 2**32) >> shift == number // divisor


@pytest.mark.parametrize("divisor", [0, -3, 2**31])
def test_other_divisors_are_refused(divisor):
    with pytest.raises(ValueError, match="an extent must be"):
        magic(divisor)
