"""The library: functions against NumPy formulas, layers by shape and number of weights, comments."""

from __future__ import annotations

import re
from math import erf, prod
from pathlib import Path

import numpy as np
import pytest

import treadle
from support.spec_runs import codes, initial_values, model, run_body, run_expression, run_model
from treadle.frontend.program import library_names

X = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4) + np.float32(0.01)
FILES = sorted((Path(treadle.__file__).parent / "stdlib").glob("*.tdl"))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


PHI = np.vectorize(lambda x: 0.5 * (1 + erf(x / 2**0.5)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("softmax(x)", softmax(X)),
        ("softmax(x, axis = 1)", softmax(X, 1)),
        ("softmax(x, temperature = 2)", softmax(X / 2)),
        ("log_softmax(x)", np.log(softmax(X))),
        ("leaky_relu(x)", np.where(X > 0, X, 0.01 * X)),
        ("elu(x)", np.where(X > 0, X, np.expm1(X))),
        ("selu(x)", 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X))),
        ("silu(x)", X * sigmoid(X)),
        ("gelu(x)", X * PHI(X)),
        ("mish(x)", X * np.tanh(np.log1p(np.exp(X)))),
        ("hard_tanh(x)", X.clip(-1, 1)),
        ("hard_sigmoid(x)", (X / 6 + 0.5).clip(0, 1)),
        ("hard_swish(x)", X * (X / 6 + 0.5).clip(0, 1)),
        ("softsign(x)", X / (1 + np.abs(X))),
        ("log_sigmoid(x)", np.log(sigmoid(X))),
        ("step_sign(x)", np.where(X >= 0, 1, -1)),
        ("standardise(x, axis = -1, eps = 0.0)", (X - X.mean(-1, keepdims=True)) / X.std(-1, keepdims=True)),
        ("flatten(x)", X.reshape(2, 12)),
        ("mse(x, 1.0)", ((X - 1) ** 2).mean()),
        ("half_mse(x, 1.0)", ((X - 1) ** 2).mean() / 2),
        ("mae(x, 1.0)", np.abs(X - 1).mean()),
        ("huber(x, 0.0)", np.where(np.abs(X) <= 1, X**2 / 2, np.abs(X) - 0.5).mean()),
        ("hinge(x, 1.0)", np.maximum(0, 1 - X).mean()),
        ("kl_normal(x, 0 * x)", (X**2 / 2).sum(-1).mean()),
        ("global_avg_pool(x[:, none])", X[:, None].mean((2, 3))),
        ("identity(x)", X),
        ("norm(x)", np.linalg.norm(X)),
        ("norm(x, axis = 1)", np.linalg.norm(X, axis=1)),
        ("norm([x, 2 * x])", np.sqrt(5) * np.linalg.norm(X)),
        ("grad(norm(0 * x), x)", 0 * X),
        ("norm(normalise(x), axis = -1)", np.ones((2, 3))),
        ("cosine_similarity(x, -2 * x)", -np.ones((2, 3))),
        ("squared_distances(x[0], x[1])", ((X[0][:, None] - X[1][None]) ** 2).sum(-1)),
        ("variance(x, axis = 1)", X.var(1)),
        ("deviation(x, correction = 1)", X.std(ddof=1)),
        (
            "log_sum_exp(100 * x, axis = 1)",
            100 * X.max(1) + np.log(np.exp(100 * (X - X.max(1, keepdims=True))).sum(1)),
        ),
        ("cast(lower_triangle(3, 4, 1), f32) + 0 * x", np.broadcast_to(np.tri(3, 4, 1), X.shape)),
        ("jacobian(v^2, v)", np.diag(2 * X[0, 0])),
        ("hessian(sum(v^3), v)", np.diag(6 * X[0, 0])),
        ("segment_sum(x[0], ids, 4)", [X[0, 1] * 0, X[0, 0] + X[0, 2], X[0, 1], X[0, 1] * 0]),
        ("segment_mean(x[0], ids, 3)", [X[0, 1] * 0, (X[0, 0] + X[0, 2]) / 2, X[0, 1]]),
        ("segment_sum(segment_softmax(x[0], ids, 3), ids, 3)", [[0] * 4, [1] * 4, [1] * 4]),
        ("fgsm(fn(z) = sum(z^2), x, 0.1, -9, 9)", X + 0.1 * np.sign(X)),
        ("pgd(fn(z) = sum(z), x, 0.5, 0.2, 4, random_start = false, low = -9, high = 9)", X + 0.5),
        ("triplet(x, x, x + 1)", 0),
        ("cosine_loss(x, 3 * x)", 0),
        ("cutout(x[none], 2) * 0", 0 * X[None]),
    ],
)
def test_function(expression, expected):
    found = run_expression(expression, x=X, v=X[0, 0], ids=np.array([1, 2, 1]))
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3], [3.0, 2.9, -4.0]], np.float32)
TARGET = np.array([0, 1, 1])
PICKED = np.log(softmax(LOGITS))[np.arange(3), TARGET]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cross_entropy(z, t)", -PICKED.mean()),
        (
            "cross_entropy(z, t, smoothing = 0.1)",
            -(0.9 * PICKED + 0.1 * np.log(softmax(LOGITS)).mean(-1)).mean(),
        ),
        ("nll(log_softmax(z), t)", -PICKED.mean()),
        ("accuracy(z, t)", 1 / 3),
        ("top_k(z, t, 2)", 1.0),
        ("perplexity(z, t)", np.exp(-PICKED.mean())),
        (
            "bce_with_logits(z[:, 0], t)",
            -np.mean([np.log(1 - sigmoid(2)), np.log(sigmoid(0.1)), np.log(sigmoid(3))]),
        ),
        (
            "bce(sigmoid(z[:, 0]), t)",
            -np.mean([np.log(1 - sigmoid(2)), np.log(sigmoid(0.1)), np.log(sigmoid(3))]),
        ),
        ("binary_accuracy(z[:, 0], t)", 2 / 3),
        ("focal(z, t)", -((1 - np.exp(PICKED)) ** 2 * PICKED).mean()),
        ("info_nce(z, z, temperature = 1e-3)", 0),
    ],
)
def test_losses_and_metrics_of_classes(expression, expected):
    assert run_expression(expression, z=LOGITS, t=TARGET) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("given", "layer", "result", "weights"),
    [
        ("[N, 5, 4]", "dense(3)", "[N, 5, 3]", 4 * 3 + 3),
        ("[N, 3, 8, 9]", "conv2d(6, kernel = 3)", "[N, 6, 6, 7]", 6 * 3 * 9 + 6),
        ("[N, 3, 8, 9]", 'conv2d(6, kernel = [3, 5], padding = "same")', "[N, 6, 8, 9]", 6 * 3 * 15 + 6),
        ("[N, 4, 8, 8]", "conv2d(6, stride = 2, padding = 1, groups = 2)", "[N, 6, 4, 4]", 6 * 2 * 9 + 6),
        ("[N, 4, 8, 8]", "depthwise_conv2d(padding = 1, bias = false)", "[N, 4, 8, 8]", 4 * 9),
        (
            "[N, 4, 8, 8]",
            "conv_transpose2d(2, stride = 2, padding = 1, extra = 1)",
            "[N, 2, 16, 16]",
            4 * 2 * 9 + 2,
        ),
        ("[N, 4, 10]", "conv1d(6, kernel = 3, dilation = 2)", "[N, 6, 6]", 6 * 4 * 3 + 6),
        ("[N, 3, 8, 9]", "max_pool2d(2)", "[N, 3, 4, 4]", 0),
        ("[N, 3, 8, 9]", "max_pool2d(3, stride = 2, padding = 1)", "[N, 3, 4, 5]", 0),
        ("[N, 3, 8, 9]", "avg_pool2d([2, 3])", "[N, 3, 4, 3]", 0),
        ("[N, 3, 8, 6]", "adaptive_avg_pool2d([4, 2])", "[N, 3, 4, 2]", 0),
        ("[N, 3, 8]", "max_pool1d(2)", "[N, 3, 4]", 0),
        ("[N, 3, 8]", "avg_pool1d(3, stride = 1)", "[N, 3, 6]", 0),
        ("[N, 3, 4, 4]", "upsample2d(2)", "[N, 3, 8, 8]", 0),
        ("[N, 3, 4, 4]", "batch_norm()", "[N, 3, 4, 4]", 6),
        ("[N, 3, 4, 4]", "group_norm(3)", "[N, 3, 4, 4]", 6),
        ("[N, 3, 4, 4]", "instance_norm()", "[N, 3, 4, 4]", 0),
        ("[N, 3, 4, 4]", "local_response_norm()", "[N, 3, 4, 4]", 0),
        ("[N, 3, 4]", "layer_norm()", "[N, 3, 4]", 8),
        ("[N, 3, 4]", "rms_norm()", "[N, 3, 4]", 4),
        ("[N, 3, 4]", "prelu()", "[N, 3, 4]", 3),
        ("[N, T, 4]", "rnn(5)", "[N, T, 5]", 4 * 5 + 5 * 5 + 5),
        ("[N, T, 4]", "lstm(5)", "[N, T, 5]", 4 * (4 * 5 + 5 * 5 + 5)),
        ("[N, T, 4]", "gru(5, backward = true)", "[N, T, 5]", 3 * (4 * 5 + 5 * 5 + 10)),
        ("[N, T, 4]", "bidirectional(lstm, 5)", "[N, T, 10]", 8 * (4 * 5 + 5 * 5 + 5)),
        ("[N, T, 8]", "multi_head_attention(2, causal = true)", "[N, T, 8]", 4 * (64 + 8)),
        ("[N, T, 8]", "transformer_block(2, 16, rate = 0.1)", "[N, T, 8]", 4 * 72 + 8 * 16 * 2 + 24 + 32),
        ("[N, 6, 8]", "learned_positions()", "[N, 6, 8]", 48),
        ("[N, T, 8]", "sinusoidal_positions()", "[N, T, 8]", 0),
        ("[N, 4]", "dropout(0.3)", "[N, 4]", 0),
        ("[N, 4, 5]", "channel_dropout(0.3)", "[N, 4, 5]", 0),
        ("[N, 4]", "gaussian_noise()", "[N, 4]", 0),
    ],
)
def test_layer(given, layer, result, weights):
    found = model(f"input x: {given}\noutput y = {layer}(x)")
    assert str(found.graph.outputs["output:y"].type) == f"f32{result}"
    assert sum(prod(leaf.type.shape) for leaf in found.leaves.values() if leaf.kind == "param") == weights


@pytest.mark.parametrize(
    "layer", ["dropout(0.3)", "channel_dropout(0.3)", "gaussian_noise()", "batch_norm()"]
)
def test_layers_that_act_differently_in_training_train(layer):
    body = f"model M {{ input x: [N, 4, 5]\n param w: [5] = ones\n loss mean({layer}(x * w)^2) }}\n"
    assert codes(f"{body}train M {{ optimizer adam()\n steps 1 }}\n") == []


def test_embedding_reads_rows():
    found = model("input ids: i64[N, T]\noutput y = embedding(7, 3)(ids)")
    table = np.arange(21, dtype=np.float32).reshape(7, 3)
    ids = np.array([[0, 6, 2], [1, 1, 5]])
    np.testing.assert_array_equal(
        run_model(found, {"ids": ids}, {"embedding.table": table})["output:y"], table[ids]
    )


def test_pooling_takes_the_largest_and_the_mean():
    image = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    assert run_expression("max_pool2d(2)(x)", x=image).tolist() == [[[[5, 7], [13, 15]]]]
    assert run_expression("avg_pool2d(2)(x)", x=image).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    padded = run_expression("max_pool2d(3, stride = 2, padding = 1)(x)", x=-image)
    assert padded.tolist() == [[[[0, -1], [-4, -5]]]]


def test_an_lstm_is_its_formula():
    found = model("input x: [N, T, 3]\noutput y = lstm(4)(x)")
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    leaves = initial_values(found.init)
    u, w, b = (leaves[f"lstm.{name}"] for name in "UWb")
    h, c, expected = np.zeros((2, 4)), np.zeros((2, 4)), []
    for t in range(5):
        i, f, g, o = np.split(x[:, t] @ u + h @ w + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        expected.append(h)
    np.testing.assert_allclose(
        run_model(found, {"x": x})["output:y"], np.stack(expected, 1), rtol=1e-4, atol=1e-6
    )
    assert b[4:8].tolist() == [1, 1, 1, 1]
    assert not b[8:].any()


def test_causal_attention_sees_no_later_step():
    found = model("input x: [N, T, 4]\noutput y = multi_head_attention(2, causal = true)(x)")
    x = np.random.default_rng(0).normal(size=(1, 6, 4)).astype(np.float32)
    leaves = initial_values(found.init)
    changed = x.copy()
    changed[:, 4:] += 1
    one = run_model(found, {"x": x}, leaves)["output:y"]
    two = run_model(found, {"x": changed}, leaves)["output:y"]
    np.testing.assert_allclose(one[:, :4], two[:, :4], rtol=1e-5)
    assert not np.allclose(one[:, 4:], two[:, 4:])


IMAGE = np.arange(1, 51, dtype=np.float32).reshape(2, 1, 5, 5)


def test_a_shift_moves_each_image_by_its_own_offset():
    shifted = run_expression("shifted(x, o, 3)", x=IMAGE, o=np.array([1, -2]))
    np.testing.assert_array_equal(shifted[0, 0, :, 1:], IMAGE[0, 0, :, :-1])
    np.testing.assert_array_equal(shifted[1, 0, :, :-2], IMAGE[1, 0, :, 2:])
    assert not shifted[0, 0, :, 0].any()
    assert not shifted[1, 0, :, -2:].any()


def test_random_changes_of_images():
    many = np.broadcast_to(IMAGE[:1], (200, 1, 5, 5))
    flipped = run_expression("random_flip(x)", x=many)
    share = (flipped[:, 0, 0, 0] == 5).mean()
    assert 0.3 < share < 0.7
    kept = run_expression("cutout(x, 2)", x=many)
    assert ((kept == 0).sum((1, 2, 3)) == 4).all()
    offsets = run_expression("random_offsets(1000, 2)")
    assert sorted(set(offsets.tolist())) == [-2, -1, 0, 1, 2]
    moved = run_expression("random_shift(x, 1)", x=many)
    assert 8 < len({tuple(image.ravel()) for image in moved}) <= 9


def test_draws_of_classes_follow_their_probabilities():
    drawn = run_expression("categorical(broadcast_to(z, [4000, 3]))", z=np.log([0.2, 0.5, 0.3]))
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 4000, [0.2, 0.5, 0.3], atol=0.03)


def test_truncated_normal_has_no_tails():
    values = run_body("output y = truncated_normal(1.0)[20000]")
    assert np.abs(values).max() <= 2.001
    assert values.std() == pytest.approx(0.88, abs=0.01)  # of a bell cut at two deviations


def test_a_graph_convolution_averages_neighbours():
    adjacency = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
    a = adjacency + np.eye(3)
    root = 1 / np.sqrt(a.sum(1))
    found = run_expression("normalised_adjacency(a)", a=adjacency)
    np.testing.assert_allclose(found, root[:, None] * a * root, rtol=1e-6)
    layer = model("input x: [V, 4]\ninput a: [V, V]\noutput y = graph_conv(2)(x, normalised_adjacency(a))")
    assert str(layer.graph.outputs["output:y"].type) == "f32[V, 2]"


def test_sinusoids():
    found = run_body("output y = sinusoids(6, 4, base = 100.0)")
    t = np.arange(6)
    expected = np.stack([np.sin(t), np.cos(t), np.sin(t / 10), np.cos(t / 10)], 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_definition_is_documented(path):
    """The reference of the library is made from the `##` lines above each definition."""
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"(layer|fn|optimizer|schedule|init|const)\s", line):
            assert lines[number - 1].startswith("## "), f"{path.name}:{number + 1}: {line}"


def test_names_of_the_library_are_defined_once():
    headers = [
        match.group(1)
        for path in FILES
        for match in re.finditer(
            r"^(?:layer|fn|optimizer|schedule|init|const)\s+(\w+)", path.read_text("utf-8"), re.MULTILINE
        )
    ]
    assert len(headers) == len(set(headers))
    assert set(headers) == library_names()
