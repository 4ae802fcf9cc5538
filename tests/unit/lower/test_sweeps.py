"""Kernels of dependent iterations against the reference: sorting, extrema, systems, eigenvectors."""

from __future__ import annotations

import numpy as np
import pytest

from support.loop_machine import Machine
from support.meaning import graph_of, tensor
from treadle.lower.lower import lower
from treadle.ops import REGISTRY
from treadle.types import DType

RNG = np.random.default_rng(5)
SIZES = [1, 2, 3, 5, 8, 17]


def run(graph, *values):
    outputs, _ = Machine(lower(graph)).run(dict(zip(graph.inputs, values, strict=True)))
    return outputs["y"]


def keys(size: int) -> np.ndarray:
    """Ties, both infinities and NaN."""
    x = RNG.integers(-2, 3, (3, size)).astype(float)
    x[RNG.random(x.shape) < 0.15] = np.nan
    x[RNG.random(x.shape) < 0.1] = np.inf
    x[RNG.random(x.shape) < 0.1] = -np.inf
    return x


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_sorting_is_stable_and_puts_nan_last(size, descending):
    x = keys(size)
    graph = graph_of(lambda g, a: g.argsort(a, axis=1, descending=descending), tensor(3, size))
    found = run(graph, x)
    np.testing.assert_array_equal(found, REGISTRY["argsort"].reference(x, axis=1, descending=descending))
    for row, order in zip(x, found, strict=True):
        ranked = np.where(np.isnan(row[order]), np.inf, row[order])
        rising = ranked[::-1] if descending else ranked
        assert np.all(rising[1:] >= rising[:-1])
        assert sorted(order) == list(range(size))


def test_sorting_along_a_middle_axis():
    x = RNG.standard_normal((2, 6, 3))
    graph = graph_of(lambda g, a: g.argsort(a, axis=1, descending=False), tensor(2, 6, 3))
    np.testing.assert_array_equal(run(graph, x), np.argsort(x, 1, kind="stable"))


@pytest.mark.parametrize("name", ["scatter_max", "scatter_max_along"])
@pytest.mark.parametrize("dtype", [DType.F64, DType.I64])
def test_scattered_extrema(name, dtype):
    updates = RNG.integers(-5, 5, (7, 3)).astype(dtype.numpy_name)
    ids = RNG.integers(0, 4, (7, 3) if name.endswith("along") else 7)
    graph = graph_of(
        lambda g, u, i: g.apply(name, u, i, axis=0, size=6),
        tensor(7, 3, dtype=dtype),
        tensor(*ids.shape, dtype=DType.I64),
    )
    expected = REGISTRY[name].reference(updates, ids, axis=0, size=6)
    np.testing.assert_array_equal(run(graph, updates, ids), expected)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_systems_are_solved(size):
    """Against NumPy; a zero in the corner makes the first exchange of rows necessary."""
    a, b = RNG.standard_normal((2, size, size)), RNG.standard_normal((2, size, 3))
    if size > 1:
        a[:, 0, 0] = 0
    graph = graph_of(lambda g, m, r: g.solve(m, r), tensor(*a.shape), tensor(*b.shape))
    np.testing.assert_allclose(run(graph, a, b), np.linalg.solve(a, b), rtol=1e-9)
    np.testing.assert_allclose(REGISTRY["solve"].reference(a, b), np.linalg.solve(a, b), rtol=1e-9)
    graph = graph_of(lambda g, m: g.det(m), tensor(*a.shape))
    np.testing.assert_allclose(run(graph, a), np.linalg.det(a), rtol=1e-9)
    np.testing.assert_allclose(REGISTRY["det"].reference(a), np.linalg.det(a), rtol=1e-9)


def test_singular_matrices_have_the_determinant_zero():
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 0.0]])
    assert run(graph_of(lambda g, m: g.det(m), tensor(3, 3)), a) == 0
    assert REGISTRY["det"].reference(a) == 0


@pytest.mark.parametrize("size", [1, 2, 6])
def test_eigenvectors_are_those_of_numpy(size):
    a = RNG.standard_normal((2, size, size))
    graph = graph_of(lambda g, m: g.eigenvectors(m), tensor(*a.shape))
    np.testing.assert_allclose(run(graph, a), REGISTRY["eigenvectors"].reference(a), atol=1e-9)


def test_eigenvectors_of_equal_eigenvalues_are_orthogonal():
    a = np.full((4, 4), 2.0) + 3 * np.eye(4)  # 3 three times, and 11
    v = run(graph_of(lambda g, m: g.eigenvectors(m), tensor(4, 4)), a)
    np.testing.assert_allclose(v.T @ v, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(v.T @ a @ v, np.diag([3.0, 3.0, 3.0, 11.0]), atol=1e-12)
