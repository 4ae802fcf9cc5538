"""Elementary functions of kernels against NumPy and SciPy in double precision, in ulps, and at special
values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.special

from support.kernels import aligned
from treadle.backends.numba_cpu.compile import compile_kernels
from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.program import Call, Program

INF = np.inf
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, INF, -INF, np.nan, 1e-30, -1e-30, 3e38, -3e38, 0.5, -0.5, 104.5, -104.5]
)

UNARY: dict[str, tuple[Callable[[np.ndarray], np.ndarray], tuple[float, float], float]] = {
    "exp": (np.exp, (-87.0, 88.7), 2),
    "expm1": (np.expm1, (-20.0, 88.7), 3),
    "log": (np.log, (1e-37, 3e38), 2),
    "log1p": (np.log1p, (-0.999, 1e6), 3),
    "sin": (np.sin, (-1e4, 1e4), 2),
    "cos": (np.cos, (-1e4, 1e4), 2),
    "tan": (np.tan, (-100.0, 100.0), 4),
    "tanh": (np.tanh, (-10.0, 10.0), 4),
    "sigmoid": (scipy.special.expit, (-80.0, 40.0), 4),
    "softplus": (lambda x: np.logaddexp(0, x), (-80.0, 90.0), 4),
    "erf": (scipy.special.erf, (-5.0, 5.0), 4),
    "sqrt": (np.sqrt, (0.0, 1e30), 1),
    "rsqrt": (lambda x: 1 / np.sqrt(x), (1e-30, 1e30), 2),
    "reciprocal": (lambda x: 1 / x, (1e-30, 1e30), 1),
    "floor": (np.floor, (-1e5, 1e5), 0),
    "ceil": (np.ceil, (-1e5, 1e5), 0),
    "trunc": (np.trunc, (-1e5, 1e5), 0),
    "round_even": (np.rint, (-1e5, 1e5), 0),
    "absolute": (np.abs, (-1e5, 1e5), 0),
    "sign": (np.sign, (-1e5, 1e5), 0),
}


def source(name: str, dtype: str, arguments: int) -> KernelSource:
    loads = ", ".join(f"p_{i}[i]" for i in range(arguments))
    pointers = "\n".join(f"    p_{i} = {dtype}_buffer(m, {i})" for i in range(arguments + 1))
    text = f"""
from treadle.backends.numba_cpu.abi import *
from treadle.backends.numba_cpu.vmath import {name}
def kernel(meta, part, parts):
    m = slots(meta)
{pointers}
    n = m[{arguments + 1}]
    for i in range(share_elements(n, part, parts), share_elements(n, part + 1, parts)):
        p_{arguments}[i] = {name}({loads})
"""
    return KernelSource(name, text)


def evaluate(name: str, *arguments: np.ndarray) -> np.ndarray:
    """Apply one function elementwise by a compiled kernel."""
    result = aligned(arguments[0].shape, arguments[0].dtype.str[1:])
    dtype = {4: "f32", 8: "f64"}[result.itemsize]
    (code,) = compile_kernels([source(name, dtype, len(arguments))])
    addresses = [array.ctypes.data for array in (*arguments, result)]
    Program([Call(code, np.array([*addresses, result.size], np.int64))], 2).run()
    return result


def points(low: float, high: float, dtype: str) -> np.ndarray:
    """Return points that are dense in value and in exponent."""
    even = np.linspace(low, high, 20011)
    largest = max(abs(low), abs(high))
    spread = np.geomspace(1e-30, largest, 4001)
    both = np.concatenate((even, spread, -spread))
    return both[(both >= low) & (both <= high)].astype(dtype)


@pytest.mark.parametrize("name", UNARY)
def test_single_precision_is_within_a_few_ulps(name: str) -> None:
    """The error against double precision stays below the bound in units of the last place."""
    function, (low, high), ulps = UNARY[name]
    x = points(low, high, "f4")
    expected = function(x.astype("f8"))
    normal = np.abs(expected) > np.finfo("f4").tiny
    error = np.abs(evaluate(name, x) - expected)[normal] / np.spacing(np.abs(expected[normal]).astype("f4"))
    assert error.max() <= ulps + 0.5


@pytest.mark.parametrize("name", UNARY)
def test_double_precision(name: str) -> None:
    """The double versions agree with NumPy to about 1e-15."""
    function, (low, high), _ = UNARY[name]
    x = points(low, high, "f8")
    np.testing.assert_allclose(evaluate(name, x), function(x), rtol=4e-15, atol=1e-300)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", UNARY)
def test_special_values(name: str, dtype: str) -> None:
    """Zeros, infinities, NaN and huge values give what NumPy gives, but for denormal results, which are
    zero."""
    if name in {"sin", "cos", "tan"} and dtype == "f4":
        x = SPECIAL[np.abs(np.nan_to_num(SPECIAL, posinf=0, neginf=0)) < 1e10].astype(dtype)
    else:
        x = SPECIAL.astype(dtype)
    with np.errstate(all="ignore"):
        expected = UNARY[name][0](x.astype("f8")).astype(dtype)
    expected[np.abs(expected) < np.finfo(dtype).tiny] = 0
    found = evaluate(name, x)
    np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype == "f4" else 1e-14)
    assert (np.isnan(found) == np.isnan(expected)).all()


def test_power_at_special_and_ordinary_points() -> None:
    """Integer exponents keep the sign of a negative base, fractional ones give NaN; 1 and exponent 0 give
    1."""
    base, exponent = map(
        np.ravel, np.meshgrid(SPECIAL.astype("f4"), np.append(SPECIAL, [2, 3, -3, 0.3]).astype("f4"))
    )
    base, exponent = np.ascontiguousarray(base), np.ascontiguousarray(exponent)
    with np.errstate(all="ignore"):
        expected = np.power(base.astype("f8"), exponent).astype("f4")
    expected[np.abs(expected) < np.finfo("f4").tiny] = 0
    np.testing.assert_allclose(evaluate("power", base, exponent), expected, rtol=2e-7)


def test_atan2_in_all_quadrants_and_on_the_axes() -> None:
    """Signs of zeros and infinities decide the quadrant as in C."""
    values = np.append(SPECIAL, np.linspace(-3, 3, 40)).astype("f4")
    y, x = (np.ascontiguousarray(np.ravel(grid)) for grid in np.meshgrid(values, values))
    expected = np.arctan2(y.astype("f8"), x.astype("f8"))
    expected[np.abs(expected) < np.finfo("f4").tiny] = 0
    np.testing.assert_allclose(evaluate("atan2", y, x), expected, rtol=3e-7)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_questions_about_nan_and_infinity(dtype: str) -> None:
    """isnan, isinf and isfinite are not optimised away by the float flags."""
    x = SPECIAL.astype(dtype)
    for name, function in (("isnan", np.isnan), ("isinf", np.isinf), ("isfinite", np.isfinite)):
        np.testing.assert_array_equal(evaluate(name, x), function(x).astype(dtype))
