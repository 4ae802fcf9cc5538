"""Derivatives where there is none: the table of `docs/numerics.md`, on the reference and on compiled code."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes
from treadle.driver import Program, load_backend, optimise
from treadle.frontend.load import load_text

# The function of x that is summed, where, and the gradient in x.
KINKS = {
    "relu(x)": ([0, -0.0, 1], [0, 0, 1]),
    "abs(x)": ([0, -0.0, -2], [0, 0, -1]),
    "maximum(x, [2.0, 2.0])": ([2, 3], [0.5, 1]),
    "minimum([2.0, 2.0], x)": ([2, 3], [0.5, 0]),
    "maximum(x, x)": ([2, 3], [1, 1]),
    "max(x)": ([1, 3, 3], [0, 1, 0]),
    "min(x)": ([3, 1, 1], [0, 1, 0]),
    "amax(x)": ([1, 3, 3], [0, 0.5, 0.5]),
    "amin(x)": ([1, 1, 3], [0.5, 0.5, 0]),
    "clip(x, -1, 1)": ([-1, 0, 1, 2], [1, 1, 1, 0]),
    "hard_tanh(x)": ([-1, 0, 1], [0, 1, 0]),
    "norm(x)": ([0, 0], [0, 0]),
    "hypot(x, 0 * x)": ([0, 2], [0, 1]),
    "[2.0, 2.0, 2.0]^x": ([0, 1, 2], np.log(2) * np.array([1, 2, 4])),
    "[0.0, -2.0]^x": ([2, 2], [0, 0]),
    "sqrt(x)": ([0, 4], [np.inf, 0.25]),
    "sign(x)": ([0, 2], [0, 0]),
    "floor(x) + ceil(x) + round(x)": ([0, 0.5, 1], [0, 0, 0]),
    "floor(x / 2.0) * 2.0": ([1, 2], [0, 0]),
    "x % 2.0": ([2, 3], [1, 1]),
    "where(x > 0, x, 2 * x)": ([0, 1], [2, 1]),
}


@pytest.fixture(scope="module", params=["numpy", "cpu"])
def session(request):
    body = "model M{k} {{ input x: [{size}]; output d = grad(sum({expression}), x) }}\n"
    text = "".join(
        body.format(k=k, size=len(at), expression=e) for k, (e, (at, _)) in enumerate(KINKS.items())
    )
    models = load_text(text).models
    graphs = {e: optimise(Program(models[f"M{k}"].graph)) for k, e in enumerate(KINKS)}
    return load_backend(request.param).compile(graphs)


@pytest.mark.parametrize("expression", KINKS)
def test_kinks(session, expression):
    at, wanted = KINKS[expression]
    (found,) = session.run(expression, {"x": np.array(at, np.float32)}).values()
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize("function", ["argmax", "argmin"])
def test_the_place_of_an_extremum_of_nothing_is_refused(function):
    assert codes(f"model M {{ input x: [2, 0]; output y = {function}(x, axis = 1) }}") == ["E0220"]
