"""Builtin functions against NumPy: each says what its name says, for axes counted from either end."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, run_body, run_expression

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 10 - 1
IDS = np.array([[0, 2], [1, 1]])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(x)", X.sum()),
        ("sum(x, axis = -1)", X.sum(-1)),
        ("sum(x, axis = [0, 2], keepdims = true)", X.sum((0, 2), keepdims=True)),
        ("mean(x, axis = 1)", X.mean(1)),
        ("max(x, axis = 0)", X.max(0)),
        ("min(x)", X.min()),
        ("prod(x, axis = 2)", X.prod(2)),
        ("argmax(x, axis = 1)", X.argmax(1)),
        ("argmin(x)", X.argmin(-1)),
        ("cumsum(x, axis = 1)", X.cumsum(1)),
        ("cumsum(x, axis = 2, reverse = true)", X[..., ::-1].cumsum(2)[..., ::-1]),
        ("cast(any(x > 1), f32)", 1.0),
        ("cast(all(x > 1, axis = 0), f32)", (X > 1).all(0)),
        ("reshape(x, [6, -1])", X.reshape(6, 4)),
        ("transpose(x)", X.swapaxes(1, 2)),
        ("transpose(x, [2, 0, 1])", X.transpose(2, 0, 1)),
        ("x.T", X.swapaxes(1, 2)),
        ("swap_axes(x, 0, -1)", X.swapaxes(0, 2)),
        ("expand_dims(x, -1)", X[..., None]),
        ("squeeze(x[:1], 0)", X[0]),
        ("flip(x, 1)", X[:, ::-1]),
        ("concat(x, x, axis = -1)", np.concatenate([X, X], -1)),
        ("concat([x, 2 * x], axis = 0)", np.concatenate([X, 2 * X], 0)),
        ("stack(x, -x, axis = 1)", np.stack([X, -X], 1)),
        ("split(x, 2)[1]", X[..., 2:]),
        ("split(x, [1, 2], axis = 1)[1]", X[:, 1:]),
        ("pad(x, 1, 2, axis = 2, value = 7)", np.pad(X, ((0, 0), (0, 0), (1, 2)), constant_values=7)),
        ("pad(x, [1, 0, 2])", np.pad(X, ((1, 1), (0, 0), (2, 2)))),
        ("clip(x, -0.5, 0.5)", X.clip(-0.5, 0.5)),
        ("clip(x, high = 0)", np.minimum(X, 0)),
        ("where(x > 0, x, 0.0)", np.where(X > 0, X, 0)),
        ("maximum(x, 0.25)", np.maximum(X, 0.25)),
        ("cast(positions(4), f32) + 0 * x", np.broadcast_to(np.arange(4.0), X.shape)),
        ("positions_like(x, axis = 1)", np.broadcast_to(np.arange(3)[None, :, None], X.shape)),
        ("tensor([[1, 2], [3, 4]])", [[1, 2], [3, 4]]),
        ("zeros[2, 3] + ones[3]", np.ones((2, 3))),
        ("full([2], 3)", [3, 3]),
        ("abs(x) + sign(x)", np.abs(X) + np.sign(X)),
        ("x[1]", X[1]),
        ("x[-1, :, 0]", X[-1, :, 0]),
        ("x[..., 1:3]", X[..., 1:3]),
        ("x[:, ::2]", X[:, ::2]),
        ("x[:, ::-1, 3:0:-2]", X[:, ::-1, 3:0:-2]),
        ("x[:, none, 1:, -2:]", X[:, None, 1:, -2:]),
        ("windows(x, size = 2, axis = 2)", np.stack([X[..., :-1], X[..., 1:]], -1)),
        ("windows(x, size = [2, 2], axis = [1, 2], stride = 2)[:, 0, 1]", X[:, :2, 2:]),
    ],
)
def test_against_numpy(expression, expected):
    np.testing.assert_allclose(run_expression(expression, x=X), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("take(x, ids)", X[:, 0][IDS % 2]),
        ("x[ids]", X[:, 0][IDS % 2]),
        ("take(x, ids, axis = 1)", X[:, 0][:, IDS]),
        ("one_hot(ids, 3)[..., 0] + 0 * sum(x)", (IDS == 0)),
        ("scatter_add(x, tensor([1, 1], i64), 3)", [np.zeros(4), X[:, 0].sum(0), np.zeros(4)]),
        ("take_along(x, ids)", np.take_along_axis(X[:, 0], IDS, -1)),
    ],
)
def test_gathering(expression, expected):
    ids = IDS % 2 if expression in {"take(x, ids)", "x[ids]"} else IDS
    np.testing.assert_allclose(run_expression(expression, x=X[:, 0], ids=ids), expected, rtol=1e-6)


A = np.arange(6, dtype=np.float32).reshape(2, 3)
B = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
C = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("pattern", "operands"),
    [
        ("ij,jk->ik", (A, B)),
        ("ij,jk->ki", (A, B)),
        ("ij->ji", (A,)),
        ("ij->", (A,)),
        ("ij,ij->i", (A, A)),
        ("bij,bik->bjk", (C, C)),
        ("i,j->ij", (A[0], B[0])),
        ("ij,jk,kl->il", (A, B, B.T)),
        ("ii->i", (B[:, :3],)),
        ("bij,jk->bik", (C[:, :, :3], B)),
        ("ij,kj->", (A, B.T)),
    ],
)
def test_einsum(pattern, operands):
    names = "abc"[: len(operands)]
    found = run_expression(
        f'einsum("{pattern}", {", ".join(names)})', **dict(zip(names, operands, strict=True))
    )
    np.testing.assert_allclose(found, np.einsum(pattern, *operands), rtol=1e-5)


def test_vectors_in_a_matrix_product():
    np.testing.assert_allclose(run_expression("a @ b", a=A[0], b=B), A[0] @ B)
    np.testing.assert_allclose(run_expression("b @ a", a=B[0], b=B), B @ B[0])
    np.testing.assert_allclose(run_expression("a @ a", a=A[0]), A[0] @ A[0])


def test_derivatives():
    x = np.array([1.0, 2.0, -3.0])
    np.testing.assert_allclose(run_expression("grad(sum(x^3), x)", x=x), 3 * x**2)
    second = "g = grad(sum(x^3), x)\noutput h = grad(sum(g * g), x)"
    np.testing.assert_allclose(run_body(second, {"x": x}), 2 * (3 * x**2) * 6 * x)


def test_random_draws_differ_by_place_and_lie_in_range():
    drawn = run_body("output y = stack(uniform[1000], uniform[1000], axis = 0)")
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert abs(drawn.mean() - 0.5) < 0.05
    assert not np.array_equal(drawn[0], drawn[1])


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("sum(x, axis = 3)", "E0205"),
        ("sum(x, axis = [0, -3])", "E0205"),
        ("sum(x, axes = 1)", "E0303"),
        ("reshape(x, [5, -1])", "E0206"),
        ("transpose(x, [0, 1])", "E0205"),
        ("split(x, 3)", "E0208"),
        ("x[0, 0, 0, 0]", "E0202"),
        ("x[5]", "E0211"),
        ("x[1.5]", "E0407"),
        ("take(x, x)", "E0214"),
        ("where(x, x, x)", "E0214"),
        ("cast(x, 3)", "E0314"),
        ("concat(x, x)", "E0304"),
        ("tensor([[1], [2, 3]])", "E0314"),
        ('einsum("ij", x)', "E0212"),
        ("max(x, x)", "E0407"),
        ("zeros[-1]", "E0413"),
    ],
)
def test_refusals(expression, code):
    assert codes(f"model M {{\n input x: [2, 3, 4]\n output y = {expression}\n}}\n") == [code]
