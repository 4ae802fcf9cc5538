"""Sorting, scattering, segments, masks and linear algebra in the language, against NumPy; refused arguments.

Values and gradients on many shapes are proven by `tests/conformance`; here is what it does not reach.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, run_body, run_expression

RNG = np.random.default_rng(3)
X = RNG.standard_normal((4, 6)).astype(np.float32)
SQUARE = RNG.standard_normal((3, 3)).astype(np.float32)
SEGMENT = np.array([2, 0, 2, 3])  # of 5: 1 and 4 stay empty


def with_ids(expression: str, x: np.ndarray = X, ids: np.ndarray = SEGMENT) -> np.ndarray:
    """The value of an expression in `x` and `ids`."""
    return run_expression(expression, x=x, ids=ids)


def by_segment(function, empty: float) -> np.ndarray:
    rows = [X[segment == SEGMENT] for segment in range(5)]
    return np.stack([function(part) if len(part) else np.full(6, empty) for part in rows])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sort(x)", np.sort(X)),
        ("sort(x, axis = 0, descending = true)", -np.sort(-X, axis=0)),
        ("argsort(x)", np.argsort(X, kind="stable")),
        ("largest(x, 2)[0]", -np.sort(-X)[:, :2]),
        ("largest(x, 2)[1]", np.argsort(-X, kind="stable")[:, :2]),
        ("smallest(x, 3, axis = 0)[0]", np.sort(X, axis=0)[:3]),
        ("trace(x)", np.trace(X)),
        ("outer(x[0], x[1])", np.outer(X[0], X[1])),
        ("tensordot(x, x, [[0, 1], [0, 1]])", np.sum(X * X)),
        ("distances(x, x[:2])", np.linalg.norm(X[:, None] - X[None, :2], axis=-1)),
        ("distances(x, x[:2], inf)", np.abs(X[:, None] - X[None, :2]).max(-1)),
    ],
)
def test_value(expression, expected):
    np.testing.assert_allclose(run_expression(expression, x=X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("inverse(x)", np.linalg.inv(SQUARE)),
        ("det(x)", np.linalg.det(SQUARE)),
        ("solve(x, x[0])", np.linalg.solve(SQUARE, SQUARE[0])),
        ("eigvalsh(x)", np.linalg.eigvalsh((SQUARE + SQUARE.T) / 2)),
        ("grad(sum(eigvalsh(x)), x)", np.eye(3)),
        ("grad(log(abs(det(x))), x)", np.linalg.inv(SQUARE).T),
    ],
)
def test_matrix(expression, expected):
    np.testing.assert_allclose(run_expression(expression, x=SQUARE), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("segment_sum(x, ids, 5)", by_segment(lambda rows: rows.sum(0), 0)),
        ("segment_mean(x, ids, 5)", by_segment(lambda rows: rows.mean(0), 0)),
        ("segment_max(x, ids, 5, empty = -7.0)", by_segment(lambda rows: rows.max(0), -7)),
        ("segment_min(x, ids, 5)", by_segment(lambda rows: rows.min(0), 0)),
        ("segment_sizes(ids, 5)", [1, 0, 2, 1, 0]),
        ("sum(segment_softmax(100 * x, ids, 5))", 6 * 3),
    ],
)
def test_segments(expression, expected):
    np.testing.assert_allclose(with_ids(expression), expected, rtol=1e-5, atol=1e-6)


def test_segments_far_apart_do_not_underflow():
    """Each segment subtracts its own largest number."""
    x = np.array([1e4, 1e4 - 1, -1e4, -1e4 - 1], np.float32)
    found = with_ids("segment_softmax(x, ids, 2)", x, np.array([0, 0, 1, 1]))
    share = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(found, [share, 1 - share] * 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        ("last", [0, 20, 30]),
        ("sum", [0, 31, 32]),
        ("mean", [0, 31 / 3, 16]),
        ("prod", [0, 200, 60]),
        ("max", [0, 20, 30]),
        ("min", [0, 1, 2]),
    ],
)
def test_values_sent_to_the_same_place_are_combined(combine, expected):
    x = np.arange(3, dtype=np.float32)
    sent = f'[10.0, 20.0, 30.0], combine = "{combine}"'
    for name in ("put", "scatter"):
        found = with_ids(f"{name}(x, ids, {sent})", x, np.array([1, 1, 2]))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_old_elements_can_be_left_out():
    found = with_ids(
        'put(x, ids, [10.0, 20.0, 30.0], combine = "mean", include = false)',
        np.arange(3, dtype=np.float32),
        np.array([1, 1, 2]),
    )
    np.testing.assert_allclose(found, [0, 15, 30])


@pytest.mark.parametrize(("operand", "expected"), [("x", [1, 0, 3]), ("v", [0, 2])])
def test_gradients_go_to_the_winner_of_a_place(operand, expected):
    body = f"s = sum(put(x, ids, v) * [1.0, 2.0, 3.0])\noutput g = grad(s, {operand})"
    given = {"x": np.zeros(3, np.float32), "v": np.zeros(2, np.float32), "ids": np.array([1, 1])}
    np.testing.assert_array_equal(run_body(body, given), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("length_mask(ids, 4)", np.arange(4) < SEGMENT[:, None]),
        ("masked_mean(x, length_mask(ids, 6))", [X[0, :2].mean(), 0, X[2, :2].mean(), X[3, :3].mean()]),
        ("masked_sum(x, x > 0)", np.maximum(X, 0).sum(1)),
        ("sum(masked_softmax(x, length_mask(ids, 6)), axis = 1)", [1, 0, 1, 1]),
        ("masked_fill(x, x < 0, 0)", np.maximum(X, 0)),
        ("segment_ids(ids, 7)", np.repeat(np.arange(4), SEGMENT)),
    ],
)
def test_masks_and_lengths(expression, expected):
    np.testing.assert_allclose(with_ids(expression), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("sort(x, axis = 5)", "E0205"),
        ("sort(x, descending = 2)", "E0314"),
        ("largest(x, 9)", "E0411"),
        ("largest(x, 0)", "E0411"),
        ("inverse(x)", "E0203"),
        ("det(x[0])", "E0202"),
        ("solve(x @ x.T, x.T)", "E0203"),
        ("tensordot(x, x, 3)", "E0205"),
        ("tensordot(x, x, [[0], [1]])", "E0203"),
        ("scatter(x, [0, 1], 1.0)", "E0201"),
        ('put(x, [0, 1], 1.0, combine = "median")', "E0411"),
        ("put(x, [0.5], 1.0)", "E0214"),
        ("put(x, [0], x)", "E0201"),
    ],
)
def test_refused(expression, code):
    assert code in codes(f"model M {{\ninput x: f32[4, 6]\noutput y = {expression}\n}}")
