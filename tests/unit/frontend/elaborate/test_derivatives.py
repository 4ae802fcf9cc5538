"""Jacobians and Hessians agree with formulas; attacks stay in their balls and raise what they attack."""

from __future__ import annotations

import numpy as np
import pytest

from treadle.driver import Program, compile_programs
from treadle.frontend.load import load_text


def outputs_of(body, **inputs):
    model = load_text(f"model M {{\n{body}\n}}").models["M"]
    session = compile_programs({"m": Program(model.graph)}, "numpy")
    rng = np.random.default_rng(1)
    for name, node in model.graph.params.items():
        session.write(name, rng.normal(size=node.type.static_shape()).astype(np.float32))
    key = {"$rng": np.array([3, 0])} if "$rng" in model.graph.inputs else {}
    return {name.partition(":")[2]: value for name, value in session.run("m", {**inputs, **key}).items()}


X = np.array([0.1, -0.2, 0.3], np.float32)


def test_jacobian_of_a_layer():
    weights = np.arange(6.0).reshape(2, 3)
    body = "input x: [3]\nW = reshape(cast(positions(6), f32), [2, 3])\noutput j = jacobian(tanh(W @ x), x)"
    expected = (1 - np.tanh(weights @ X) ** 2)[:, None] * weights
    assert np.allclose(outputs_of(body, x=X)["j"], expected, atol=1e-6)


def test_jacobian_keeps_the_axes_of_both():
    body = "input x: [3]\noutput j = jacobian(reshape(concat(x^2, x, axis = 0), [2, 3]), x)"
    expected = np.stack([np.diag(2 * X), np.eye(3)])
    assert np.allclose(outputs_of(body, x=X)["j"], expected, atol=1e-6)


def test_hessian_is_symmetric_and_right():
    a, b, c = X
    body = "input x: [3]\noutput h = hessian(x[0] * x[1]^2 * x[2] + sum(x^3), x)"
    expected = [
        [6 * a, 2 * b * c, b * b],
        [2 * b * c, 2 * a * c + 6 * b, 2 * a * b],
        [b * b, 2 * a * b, 6 * c],
    ]
    assert np.allclose(outputs_of(body, x=X)["h"], expected, atol=1e-6)


NET = "input x: [8, 3]\ninput y: i64[8]\nnet = dense(4)\nfn_loss = fn(a) = cross_entropy(net(a), y)\n"
POINTS = np.random.default_rng(0).random((8, 3)).astype(np.float32)
LABELS = np.arange(8) % 4


def attacked(attack):
    body = f"{NET}z = {attack}\noutput z\noutput before = fn_loss(x)\noutput after = fn_loss(z)"
    return outputs_of(body, x=POINTS, y=LABELS)


@pytest.mark.parametrize(
    "attack",
    [
        "fgsm(fn_loss, x, 0.1)",
        "pgd(fn_loss, x, 0.1, 0.04, 5)",
        "pgd_l2(fn_loss, x, 0.1, 0.04, 5)",
        "pgd(fn_loss, x, 0.1, 0.04, 5, random_start = false)",
    ],
)
def test_attacks_raise_the_loss_within_their_bounds(attack):
    found = attacked(attack)
    assert found["after"] > found["before"]
    assert np.abs(found["z"] - POINTS).max() <= 0.1 + 1e-6
    assert (found["z"] >= 0).all()
    assert (found["z"] <= 1).all()


def test_euclidean_attacks_stay_in_a_ball():
    found = attacked("pgd_l2(fn_loss, x, 0.1, 0.5, 5)")
    assert np.sqrt(((found["z"] - POINTS) ** 2).sum(1)).max() <= 0.1 + 1e-5


def test_targeted_attacks_lower_the_loss_of_the_wanted_class():
    found = attacked("pgd(targeted(fn_loss), x, 0.1, 0.04, 5)")
    assert found["after"] < found["before"]


def test_trades_penalty_is_a_divergence_and_trains():
    body = f"{NET}output p = trades_penalty(net, x, 0.2, 0.05, 4)"
    body += "\noutput none_ = trades_penalty(net, x, 0.0, 0.05, 1)"
    found = outputs_of(body, x=POINTS, y=LABELS)
    assert found["p"] > 1e-4
    assert abs(found["none_"]) < 1e-6
    text = f"model M {{\n{NET}loss fn_loss(x) + 6 * trades_penalty(net, x, 0.2, 0.05, 4)\n}}"
    (phase,) = load_text(text + "\ntrain M { optimizer sgd(0.1)  steps 2 }").trains["M"].phases
    assert set(phase.graph.updates) == {"net.W", "net.b"}


def test_eigenvalues_of_a_hessian():
    found = outputs_of("input x: [3]\noutput e = eigvalsh(hessian(2 * x[0]^2 - x[1]^2 + x[2]^2, x))", x=X)
    assert np.allclose(np.sort(found["e"]), [-2, 2, 4], atol=1e-5)
