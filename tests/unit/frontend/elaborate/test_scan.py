"""Scans: carries, sequences, captured values, direction, gradients through time and inside a step."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import codes, model, run_body, run_model

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)


def test_stacked_results_lie_along_the_scanned_axis():
    body = "y = scan t in x along 1 with h = zeros[2, 3] {\n h = h + x[t]\n yield h\n}\noutput y"
    np.testing.assert_allclose(run_body(body, {"x": X}), X.cumsum(1), rtol=1e-5)


def test_final_carries_keep_their_names():
    body = "scan t in x along 1 with h = zeros[2, 3] { h = 0.5 * h + x[t] }\noutput h"
    expected = np.zeros((2, 3))
    for t in range(5):
        expected = 0.5 * expected + X[:, t]
    np.testing.assert_allclose(run_body(body, {"x": X}), expected, rtol=1e-5)


def test_reverse_walks_from_the_end_and_keeps_positions():
    body = "y = scan t in x along 1 reverse with h = zeros[2, 3] {\n h = h + x[t]\n yield h\n}\noutput y"
    np.testing.assert_allclose(run_body(body, {"x": X}), X[:, ::-1].cumsum(1)[:, ::-1], rtol=1e-5)


def test_several_sequences_and_results():
    body = """
    z = -x
    a, b = scan t in x, z along 1 with h = 0 {
      h = h + sum(x[t]) - sum(z[t])
      yield x[t] * z[t], h
    }
    output y = concat(sum(a, axis = [0, 2]), b, axis = 0)"""
    expected = np.concatenate([-(X**2).sum((0, 2)), 2 * X.sum((0, 2)).cumsum()])
    np.testing.assert_allclose(run_body(body, {"x": X}), expected, rtol=1e-4)


def test_a_range_gives_the_number_of_the_step():
    body = "scan k in range(2, 12, 3) with h = sum(x) * 0 { h = h * 10 + k }\noutput h"
    assert run_body(body, {"x": X}) == pytest.approx(2 * 1000 + 5 * 100 + 8 * 10 + 11)


def test_a_list_gives_its_elements():
    body = "scan k in [0.5, 1.5] with h = 1.0 { h = h * 3 + k }\noutput y = h + 0 * sum(x)"
    assert run_body(body, {"x": X}) == pytest.approx((3 + 0.5) * 3 + 1.5)


def test_the_index_reads_other_tensors_too():
    body = (
        "w = positions(5)\ny = scan t in x along 1 { yield x[t] * cast(w[t], f32) + cast(t, f32) }\noutput y"
    )
    steps = np.arange(5)[None, :, None]
    np.testing.assert_allclose(run_body(body, {"x": X}), X * steps + steps, rtol=1e-5)


def test_a_symbolic_number_of_steps():
    found = model(
        "input x: [N, T, I]\noutput y = scan t in x along T with h = 0 {\n h = h + sum(x[t])\n yield h }"
    )
    y = run_model(found, {"x": X})["output:y"]
    np.testing.assert_allclose(y, X.sum((0, 2)).cumsum(), rtol=1e-4)


def test_scans_in_scans_capture_through_both():
    body = """
    w = x[0, 0, 0]
    scan i in range(3) with total = 0.0 {
      scan j in range(4) with part = total { part = part + w * cast(i, f32) + cast(j, f32) }
      total = part
    }
    output total"""
    assert run_body(body, {"x": X}) == pytest.approx(X[0, 0, 0] * 12 + 18, rel=1e-5)


def test_gradient_through_time():
    body = "scan k in range(3) with h = x { h = h * h }\noutput g = grad(sum(h), x)"
    x = np.array([0.5, 1.1])
    np.testing.assert_allclose(run_body(body, {"x": x}), 8 * x**7, rtol=1e-5)


def test_gradient_inside_a_step():
    body = "scan k in range(50) with z = x { z = z - 0.2 * grad(sum((z - 3)^2), z) }\noutput z"
    np.testing.assert_allclose(run_body(body, {"x": np.array([0.0, 9.0])}), [3, 3], rtol=1e-4)


def test_random_draws_differ_from_step_to_step():
    body = "output y = scan k in range(4) { yield uniform[8] } + 0 * sum(x)"
    drawn = run_body(body, {"x": X})
    assert len(np.unique(drawn)) == 32


def test_layers_built_in_a_step_are_shared_over_time():
    found = model(
        "input x: [N, T, I = 3]".replace("I = 3", "3")
        + "\noutput y = scan t in x along T { yield dense(2)(x[t]) }"
    )
    assert list(found.leaves) == ["dense.W", "dense.b"]
    y = run_model(found, {"x": X})["output:y"]
    assert y.shape == (2, 5, 2)


def test_axis_names_of_a_header_tell_equal_sizes_apart():
    step = "h = h + sum(x[t][:, 0])\n yield h"
    layer = f"layer l()(x: [N, T, I]) {{ return scan t in x along T with h = 0.0 {{ {step} }} }}\n"
    x = np.random.default_rng(1).normal(size=(3, 3, 3)).astype(np.float32)
    found = run_body("output y = l()(x)", {"x": x}, layer)
    np.testing.assert_allclose(found, x[:, :, 0].sum(0).cumsum(), rtol=1e-4)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("scan t in x along 3 with h = 0 { h = h + 1 }", "E0512"),
        ("scan t in x, x[:, :2] along 1 with h = 0 { h = h + 1 }", "E0512"),
        ("scan t in x with h = 0 { h = h + 1 }", "E0512"),
        ("scan t in range(0) with h = 0 { h = h + 1 }", "E0512"),
        ("scan t in x along 1 with h = zeros[3] { h = zeros[4] }", "E0219"),
        ("y = scan t in x along 1 { a = x[t] }", "E0513"),
        ("scan t in x along 1 truncate 0 with h = 0 { h = h + 1 }", "E0411"),
        ("scan t in x along 1 with h = 0 {\n yield h\n yield h }", "E0511"),
        ("state s = 0\nscan t in x along 1 with h = 0 { s <- h }", "E0502"),
    ],
)
def test_refusals(body, code):
    assert codes(f"model M {{\ninput x: [2, 5, 3]\n{body}\noutput x\n}}\n") == [code]
