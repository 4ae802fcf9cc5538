"""The generator against published vectors, and the draws made from it."""

from __future__ import annotations

import numpy as np
import pytest

from treadle.ops import REGISTRY
from treadle.ops.philox import philox
from treadle.types import DType

# From the known-answer tests of the authors' own implementation (Random123, kat_vectors).
VECTORS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_published_vectors(counter, key, expected):
    assert tuple(int(word) for word in philox(counter, key)) == expected


def draw(name: str, key=(3, 4), shape=(10_000,), dtype=DType.F32, stream=0) -> np.ndarray:
    return REGISTRY[name].reference(np.array(key), shape=shape, dtype=dtype, stream=stream)


@pytest.mark.parametrize("dtype", [DType.F64, DType.F32, DType.F16, DType.BF16])
def test_uniform_draws_fill_the_interval(dtype: DType):
    """Never 1, whatever the precision; mean and variance are those of the uniform distribution."""
    x = draw("random_uniform", dtype=dtype).astype(np.float64)
    assert x.min() >= 0
    assert x.max() < 1
    assert abs(x.mean() - 1 / 2) < 0.02
    assert abs(x.var() - 1 / 12) < 0.005


@pytest.mark.parametrize("dtype", [DType.F64, DType.F32])
def test_normal_draws_have_normal_moments(dtype: DType):
    x = draw("random_normal", dtype=dtype)
    assert x.dtype == np.dtype(dtype.numpy_name)
    assert np.isfinite(x).all()
    assert abs(x.mean()) < 0.04
    assert abs(x.var() - 1) < 0.05
    assert abs((x.astype(np.float64) ** 4).mean() - 3) < 0.3


def test_elements_depend_on_their_index_alone():
    """The same numbers in any shape and for any part: what lets threads share the work."""
    np.testing.assert_array_equal(draw("random_uniform", shape=(4, 5)).ravel(), draw("random_uniform")[:20])


@pytest.mark.parametrize("change", [{"key": (3, 5)}, {"key": (2, 4)}, {"stream": 1}, {"key": (3, 4 + 2**32)}])
def test_key_and_stream_matter(change):
    other = draw("random_uniform", **change)
    assert abs(np.corrcoef(draw("random_uniform"), other)[0, 1]) < 0.05


def test_folding_makes_unrelated_keys():
    fold = REGISTRY["fold_in"].reference
    keys = [fold(np.array([3, 4]), np.array(i)) for i in range(50)]
    assert len({tuple(key) for key in keys}) == 50
    first, second = draw("random_uniform", key=keys[0]), draw("random_uniform", key=keys[1])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05
