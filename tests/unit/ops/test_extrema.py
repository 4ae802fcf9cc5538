"""Conventions at ties, at zero and with NaN."""

from __future__ import annotations

import numpy as np
import pytest

from treadle.autodiff import expand
from treadle.backends.numpy_ref import evaluate
from treadle.ir import Builder, Graph
from treadle.types import DType, TensorType


def gradient(values: list, build) -> np.ndarray:
    """The gradient of the sum of `build(g, x)` in x."""
    array = np.array(values, np.float64)
    g = Builder(Graph())
    x = g.input("x", TensorType(DType.F64, array.shape))
    y = build(g, x)
    g.graph.outputs["dx"] = g.grad(g.sum(y, axes=tuple(range(y.type.rank))), x)
    return evaluate(expand.run(g.graph), {"x": array})["dx"]


CASES = [
    ("relu is flat at 0", [-1, 0, 2], lambda g, x: g.relu(x), [0, 0, 1]),
    ("abs is flat at 0", [-1, 0, 2], lambda g, x: g.abs(x), [-1, 0, 1]),
    ("the first maximum wins", [3, 5, 5], lambda g, x: g.max(x, axes=(0,)), [0, 1, 0]),
    ("the first minimum wins", [3, 3, 5], lambda g, x: g.min(x, axes=(0,)), [1, 0, 0]),
    ("first over two axes", [[1, 7], [7, 7]], lambda g, x: g.max(x, axes=(0, 1)), [[0, 1], [0, 0]]),
    ("equal maxima share", [3, 5, 5], lambda g, x: g.amax(x, axes=(0,)), [0, 0.5, 0.5]),
    ("equal minima share", [[3, 3], [3, 3]], lambda g, x: g.amin(x, axes=(0, 1)), [[0.25] * 2] * 2),
    ("the origin has no direction", [0, 3], lambda g, x: g.hypot(x, 0.0), [0, 1]),
    ("equal operands share", [1, 2, 3], lambda g, x: g.maximum(x, 2.0), [0, 0.5, 1]),
    ("equal operands share", [1, 2, 3], lambda g, x: g.minimum(x, 2.0), [1, 0.5, 0]),
    ("products with a zero", [2, 0, 5], lambda g, x: g.prod(x, axes=(0,)), [0, 10, 0]),
    ("products with two zeros", [0, 0, 5], lambda g, x: g.prod(x, axes=(0,)), [0, 0, 0]),
    ("squares at 0", [0, 3], lambda g, x: g.pow(x, 2.0), [0, 6]),
    ("stopped", [1, 2], lambda g, x: g.mul(x, g.stop_grad(x)), [1, 2]),
    ("unrelated", [1, 2], lambda g, x: g.constant(3.0, DType.F64, (2,)), [0, 0]),
    ("steps", [1.5, 2.5], lambda g, x: g.add(g.floor(x), x), [1, 1]),
]


@pytest.mark.parametrize(("what", "values", "build", "expected"), CASES)
def test_conventions(what, values, build, expected):
    np.testing.assert_array_equal(gradient(values, build), expected, what)


def test_nan_passes_through_extrema():
    g = Builder(Graph())
    x = g.input("x", TensorType(DType.F64, (3,)))
    g.graph.outputs = {"max": g.max(x, axes=(0,)), "maximum": g.maximum(x, 0.0), "relu": g.relu(x)}
    results = evaluate(g.graph, {"x": np.array([1.0, np.nan, 2.0])})
    assert np.isnan(results["max"])
    assert np.isnan(results["maximum"][1])
    assert np.isnan(results["relu"][1])
