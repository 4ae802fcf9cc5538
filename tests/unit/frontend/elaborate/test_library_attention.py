"""Grouped attention, turned positions and attention by a state, against loops in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import run_body, run_expression

RANDOM = np.random.default_rng(0)
Q, K, V = (
    RANDOM.normal(size=(2, heads, length, 4)).astype(np.float32) for heads, length in ((4, 5), (2, 6), (2, 6))
)


def attention(allowed, cap=0.0):
    """Query head h looks at key head h // 2, at the keys that are allowed [N, T, S]."""
    y = np.zeros((2, 4, 5, 4))
    for n, h, t in np.ndindex(2, 4, 5):
        scores = K[n, h // 2] @ Q[n, h, t] / 2
        scores = cap * np.tanh(scores / cap) if cap else scores
        shares = np.where(allowed[n, t], np.exp(scores), 0)
        y[n, h, t] = shares @ V[n, h // 2] / max(shares.sum(), 1e-30)
    return y


PLACES = np.arange(6) - np.arange(5)[:, None]  # of keys beside queries
LENGTHS = np.array([3, 6])


@pytest.mark.parametrize(
    ("bias", "allowed"),
    [
        ("none", np.ones((2, 5, 6), bool)),
        ("barred(near_keys(5, 6, right = 0))", np.stack([PLACES <= 0] * 2)),
        ("barred(near_keys(5, 6, left = 1, right = 2))", np.stack([(PLACES >= -1) & (PLACES <= 2)] * 2)),
        (
            "barred(near_keys(5, 6, right = 0, offset = lengths - 5))",
            np.stack([length - 5 >= PLACES for length in LENGTHS]),
        ),
    ],
)
@pytest.mark.parametrize("cap", [0.0, 0.5])
def test_grouped_attention(bias, allowed, cap):
    expression = f"grouped_attention(q, k, v, {bias}, cap = {cap})[0]"
    found = run_expression(expression, q=Q, k=K, v=V, lengths=LENGTHS)
    np.testing.assert_allclose(found, attention(allowed, cap), rtol=1e-4, atol=1e-6)


def test_a_query_without_keys_gets_nothing_and_no_gradient():
    bias = "barred(near_keys(5, 6, right = 0, offset = -2))"
    expression = f"grad(sum(grouped_attention(q, k, v, {bias})[0]), q)"
    found = run_expression(expression, q=Q, k=K, v=V)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:, :, :2], 0)


@pytest.mark.parametrize(
    ("interleaved", "first", "second"), [("false", [0, 1], [2, 3]), ("true", [0, 2], [1, 3])]
)
def test_turned_pairs_are_complex_products(interleaved, first, second):
    angles = RANDOM.normal(size=(5, 2)).astype(np.float32)
    found = run_expression(f"turn_pairs(q, cos(a), sin(a), {interleaved})", q=Q, a=angles)
    turned = (Q[..., first] + 1j * Q[..., second]) * np.exp(1j * angles)
    np.testing.assert_allclose(found[..., first] + 1j * found[..., second], turned, rtol=1e-5, atol=1e-6)


def test_products_of_turned_features_depend_on_distances_only():
    body = """c, s = turning_angles(6, 4)
p = turn_pairs(broadcast_to(reshape(x, [1, 4]), [6, 4]), c, s)
output y = p @ p.T"""
    found = run_body(body, {"x": np.array([1.0, -2.0, 0.5, 3.0], np.float32)})
    for offset in range(5):
        diagonal = np.diagonal(found, offset)
        np.testing.assert_allclose(diagonal, diagonal[0], rtol=1e-4)


def test_attention_by_a_state_is_its_recurrence():
    q, k = (RANDOM.normal(size=(2, 3, heads, 4)).astype(np.float32) for heads in (4, 2))
    v = RANDOM.normal(size=(2, 3, 2, 5)).astype(np.float32)
    start, fade = RANDOM.normal(size=(2, 2, 4, 5)).astype(np.float32), -np.abs(k)
    trust = RANDOM.random((2, 3, 2, 1)).astype(np.float32)
    state, y = start.astype(np.float64), np.zeros((2, 3, 4, 5))
    for t in range(3):
        state = np.exp(fade[:, t])[..., None] * state
        new = trust[:, t] * (v[:, t] - np.einsum("nkde,nkd->nke", state, k[:, t]))
        state = state + k[:, t][..., None] * new[..., None, :]
        y[:, t] = np.einsum("nhd,nhde->nhe", q[:, t], np.repeat(state, 2, axis=1)) / 2
    inputs = {"q": q, "k": k, "v": v, "start": start, "fade": fade, "trust": trust}
    call = "state_attention(q, k, v, start, decay = fade, beta = trust)"
    for place, expected in enumerate((y, state)):
        found = run_expression(f"{call}[{place}]", **inputs)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_causal_convolution_goes_on_where_it_stopped():
    x, w = RANDOM.normal(size=(2, 3, 7)).astype(np.float32), RANDOM.normal(size=(3, 1, 4)).astype(np.float32)
    whole = run_expression("causal_depthwise(x, w)[0]", x=x, w=w)
    body = """first, past = causal_depthwise(x[:, :, :3], w)
second, end = causal_depthwise(x[:, :, 3:], w, past)
output y = concat(first, second, axis = 2)"""
    np.testing.assert_allclose(run_body(body, {"x": x, "w": w}), whole, rtol=1e-5, atol=1e-6)
