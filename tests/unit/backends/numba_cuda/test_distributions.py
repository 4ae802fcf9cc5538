"""Every distribution of the library draws on a GPU what it draws in NumPy: kernels in the block simulator."""

from __future__ import annotations

import numpy as np
import pytest

from support.simulated_backend import SimulatedBackend
from treadle.backends.numpy_ref import NumpyBackend
from treadle.driver import Program, optimise
from treadle.frontend.load import load_text
from treadle.ir import RNG_INPUT

KEY = {RNG_INPUT: np.array([11, 3])}
WHOLE = [
    "cast(bernoulli(0.3)[40], i64)",
    "categorical(zeros[20, 1] + [0.0, 1.0, -1.0])",
    "random_integers(0, 7, [40])",
    "random_permutation(9)",
]
REAL = [
    "random_uniform([40])",
    "random_normal([40])",
    "truncated_normal(2.0, 1.0)[20]",
    "gumbel[20]",
    "random_exponential([20], 2.0)",
    "random_gamma([6], 0.3)",
    "random_beta([4], 0.4, 0.4)",
]


def drawn(expression: str, backend) -> np.ndarray:
    model = load_text(f"model M {{ output y = {expression} }}").models["M"]
    session = backend.compile({"draw": optimise(Program(model.graph))})
    return session.run("draw", KEY)["output:y"]


@pytest.mark.parametrize("expression", WHOLE)
def test_whole_numbers_are_the_same(expression):
    expected = drawn(expression, NumpyBackend())
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(drawn(expression, SimulatedBackend()), expected)


@pytest.mark.parametrize("expression", REAL)
def test_real_numbers_are_the_same_up_to_rounding(expression):
    expected = drawn(expression, NumpyBackend())
    assert len(np.unique(expected)) == expected.size
    np.testing.assert_allclose(drawn(expression, SimulatedBackend()), expected, rtol=2e-4, atol=2e-5)
