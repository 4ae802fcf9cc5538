"""Parameters and states: initial values by seed and name, updates in order, training-time statistics."""

from __future__ import annotations

import numpy as np
import pytest

from support.spec_runs import initial_values, model, run_model, train

INPUT = "input x: [N, 4]\n"


def test_initial_values_follow_the_seed():
    init = model(INPUT + "output y = dense(5)(x)").init
    first, again, other = initial_values(init, 1), initial_values(init, 1), initial_values(init, 2)
    np.testing.assert_array_equal(first["dense.W"], again["dense.W"])
    assert not np.array_equal(first["dense.W"], other["dense.W"])
    assert not first["dense.b"].any()


def test_a_new_layer_leaves_the_initial_values_of_others_alone():
    one = initial_values(model(INPUT + "a = dense(5)\noutput y = a(x)").init)
    two = initial_values(model(INPUT + "b = dense(7)\na = dense(5)\noutput y = a(x)\noutput z = b(x)").init)
    np.testing.assert_array_equal(one["a.W"], two["a.W"])


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("0.5", np.full((2, 2), 0.5)),
        ("ones", np.ones((2, 2))),
        ("constant(3)", np.full((2, 2), 3)),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("2 * ones[2, 2]", np.full((2, 2), 2)),
        ("eye", np.eye(2)),
        ("fn(shape) = full(shape, 7)", np.full((2, 2), 7)),
    ],
)
def test_forms_of_initial_values(init, expected):
    found = initial_values(model(f"input x: [N, 2]\nparam w: [2, 2] = {init}\noutput y = x @ w").init)
    np.testing.assert_array_equal(found["w"], expected)


@pytest.mark.parametrize(
    ("init", "deviation"),
    [
        ("glorot_uniform", np.sqrt(2 / 500)),
        ("glorot_normal", np.sqrt(2 / 500)),
        ("he_normal", np.sqrt(2 / 200)),
        ("he_uniform", np.sqrt(2 / 200)),
        ("lecun_normal", np.sqrt(1 / 200)),
        ("lecun_uniform", np.sqrt(1 / 200)),
        ("normal(0.3)", 0.3),
        ("uniform(-1, 1)", np.sqrt(1 / 3)),
    ],
)
def test_deviation_of_random_initial_values(init, deviation):
    values = initial_values(model(f"input x: [N, 200]\nparam w: [200, 300] = {init}\noutput y = x @ w").init)
    assert values["w"].std() == pytest.approx(deviation, rel=0.02)
    assert abs(values["w"].mean()) < 0.01


@pytest.mark.parametrize("shape", [(40, 40), (20, 60), (60, 20)])
def test_orthogonal(shape):
    rows, columns = shape
    body = f"input x: [N, {rows}]\nparam w: [{rows}, {columns}] = orthogonal\noutput y = x @ w"
    w = initial_values(model(body).init)["w"]
    product = w @ w.T if rows <= columns else w.T @ w
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=1e-4)


def test_fan_in_of_filters():
    values = initial_values(
        model("input x: [N, 8, 9, 9]\noutput y = conv2d(64, 5, init = he_normal)(x)").init
    )
    assert values["conv2d.W"].std() == pytest.approx(np.sqrt(2 / (8 * 25)), rel=0.02)


def test_a_state_is_read_as_it_was_updated_above():
    spec = INPUT + "state n = 1\nif training { n <- n * 3 }\nparam w: [] = 0\ny = n * 2\nloss y + w"
    training = train(f"model M {{\n{spec}\n}}\ntrain M {{ optimizer sgd(0.0)\n steps 1 }}\n", N=1)
    assert [float(training.step(x=np.zeros((1, 4)))["loss"]) for _ in range(3)] == [6, 18, 54]
    assert training["n"] == 27


def test_a_state_of_a_shared_layer_is_updated_by_each_application():
    layer = "layer counter()(x) { state n = 0\n if training { n <- n + 1 }\n return x * n }\n"
    body = INPUT + "param w: [4] = 1\nc = counter()\nloss mean(c(x * w)) + mean(c(x))"
    training = train(f"{layer}model M {{\n{body}\n}}\ntrain M {{ optimizer sgd(0.1)\n steps 1 }}\n", N=2)
    training.step(x=np.ones((2, 4)))
    assert training["c.n"] == 2


def test_batch_norm_uses_the_batch_in_training_and_averages_afterwards():
    text = f"model M {{\n{INPUT} y = batch_norm(momentum = 1.0)(x)\n output y\n loss mean(y^2)\n}}\n"
    training = train(text + "train M { optimizer sgd(0.0)\n steps 1 }\n", N=50)
    x = np.random.default_rng(0).normal(3, 2, size=(50, 4)).astype(np.float32)
    training.step(x=x)
    np.testing.assert_allclose(training["batch_norm.running_mean"], x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(training["batch_norm.running_var"], x.var(0, ddof=1), rtol=1e-4)
    statistics = {name: training[name] for name in training.plan.leaves}
    y = run_model(training.plan.eval, {"x": x}, statistics)["output:y"]
    expected = (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + 1e-5)
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)


def test_dropout_is_active_in_training_only():
    text = f"model M {{\n{INPUT} param w: [4] = 1\n y = dropout(0.5)(x * w)\n output y\n loss mean(y)\n}}\n"
    training = train(text + "train M { optimizer sgd(0.0)\n steps 1 }\n", N=500)
    x = np.ones((500, 4), np.float32)
    losses = {float(training.step(number, x=x)["loss"]) for number in range(4)}
    assert len(losses) > 1
    assert all(0.8 < loss < 1.2 for loss in losses)
    np.testing.assert_array_equal(run_model(training.plan.eval, {"x": x})["output:y"], x)
