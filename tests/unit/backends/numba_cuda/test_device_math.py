"""The sine and cosine of GPU kernels are as exact as they say, computed in NumPy with the same constants."""

from __future__ import annotations

import numpy as np
import pytest

from support.cuda_parts import needs_cuda_compiler

pytestmark = needs_cuda_compiler


def fma(a, b, c):
    return np.float32(np.float64(a) * np.float64(b) + np.float64(c))


def polynomial(z, coefficients):
    value = np.full_like(z, coefficients[0])
    for coefficient in coefficients[1:]:
        value = fma(value, z, np.float32(coefficient))
    return value


def wave(constants, x, quarters):
    """sin(x + quarters * pi/2) by the steps of `device_math.py`."""
    n = np.rint(x * np.float32(2 / np.pi))
    r = x
    for part in constants._HALF_PI:
        r = fma(n, np.float32(part), r)
    z, quadrant = r * r, n.astype(np.int64) + quarters
    sine = fma(z * r, polynomial(z, constants._SINE), r)
    head = fma(z, np.float32(-0.5), np.float32(1))
    value = np.where(quadrant & 1, fma(z * z, polynomial(z, constants._COSINE), head), sine)
    return np.where(quadrant & 2, -value, value)


@pytest.mark.parametrize(("quarters", "exact"), [(0, np.sin), (1, np.cos)])
@pytest.mark.parametrize("widest", [1.0, 30.0, 1e5])
def test_waves_are_within_two_units_of_the_last_place(quarters, exact, widest):
    from treadle.backends.numba_cuda import device_math  # noqa: PLC0415 - needs the CUDA packages

    x = np.random.default_rng(0).uniform(-widest, widest, 100_000).astype(np.float32)
    wanted = exact(x.astype(np.float64))
    unit = np.spacing(np.abs(wanted).astype(np.float32)).astype(np.float64)
    assert np.max(np.abs(wave(device_math, x, quarters) - wanted) / unit) < 2
