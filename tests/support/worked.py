"""Small worked examples, as courses print them: what Treadle makes of each, compared with the numbers given.

`CHECKS` maps names to functions from an example (its givens and results) to nothing; they assert.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from support.spec_runs import model, run_body, run_expression, run_model, train
from treadle.frontend.load import load_spec
from treadle.train.summary import summarise

Example = Mapping[str, Any]

SPECS = Path(__file__).parents[2] / "specs"
RESIDUAL = """
layer normed(channels: int, kernel = 3, stride = 1)(x: [N, C, H, W]) {
  return x |> conv2d(channels, kernel, stride, padding = kernel // 2, bias = false) |> batch_norm()
}
layer block(channels: int, stride: int)(x: [N, C, H, W]) {
  h = x |> normed(channels, stride = stride) |> relu |> normed(channels)
  return relu(h + (x if stride == 1 and C == channels else normed(channels, kernel = 1, stride = stride)(x)))
}
"""
COURSE_RESNET = """
input image: f32[1, 3, 224, 224]
a = image |> normed(64, kernel = 7, stride = 2) |> relu
b = a |> max_pool2d(3, stride = 2, padding = 1)
c = b |> block(64, 1) |> block(64, 1)
d = c |> block(128, 2) |> block(128, 1)
e = d |> block(256, 2) |> block(256, 1)
f = reshape(global_avg_pool(e), [1, 256, 1, 1])
output a; output b; output c; output d; output e; output f
output logits = flatten(f) |> dense(10)
"""
JACOBIAN = [["2 x1", "2 x2", "0"], ["0", "2 x2 + x3^2", "2 x2 x3"]]


def softmax(example: Example) -> None:
    """Probabilities of three logits."""
    found = run_expression("softmax(x)", x=np.float32(example["logits"]))
    np.testing.assert_allclose(found, example["p"], atol=1e-4)


def batch_loss(example: Example) -> None:
    """The cross-entropy of a batch, and what is predicted."""
    given = {"x": np.float32(example["logits"]), "t": np.array(example["labels"])}
    loss = run_expression("cross_entropy(x, t)", **given)
    np.testing.assert_allclose(loss, example["cross_entropy_mean_over_batch"], atol=1e-5)
    entries = run_expression("mean(-one_hot(t, 4) * log_softmax(x))", **given)
    np.testing.assert_allclose(entries, example["mean_over_all_entries"], atol=1e-5)
    assert run_expression("argmax(x, axis = 1)", x=given["x"]).tolist() == example["argmax"]


def cross_entropy_gradient(example: Example) -> None:
    """p - onehot(y)."""
    assert example["rule"] == "dl/dlogits = p - onehot(y)"
    body = 'g = grad(cross_entropy(x, t, reduction = "sum"), x)\noutput y = g - (softmax(x) - one_hot(t, 3))'
    off = run_body(body, {"x": np.float32([[1, 2, 3], [0, -1, 4]]), "t": np.array([0, 2])})
    np.testing.assert_allclose(off, 0, atol=1e-6)


def sigmoid_layer(example: Example) -> None:
    """A layer of four sigmoids, and how its outputs change with its inputs."""
    given = {name: np.float32(example[name]) for name in ("x", "W", "b")}
    np.testing.assert_allclose(run_expression("x @ W + b", **given), example["pre"], atol=1e-4)
    np.testing.assert_allclose(run_expression("sigmoid(x @ W + b)", **given), example["h"], atol=1e-4)
    slopes = run_expression("jacobian(sigmoid(x @ W + b), x)", **given)
    np.testing.assert_allclose(slopes, example["jacobian_dh_dx"], atol=1e-4)


def jacobian(example: Example) -> None:
    """The derivatives of two functions of three numbers, at a point."""
    assert example["f"] == ["x1^2 + x2^2", "x2^2 + x3^2 * x2"]
    assert example["J"] == JACOBIAN
    body = "y = stack(x[0]^2 + x[1]^2, x[1]^2 + x[2]^2 * x[1])\noutput slopes = jacobian(y, x)"
    found = run_body(body, {"x": np.float32([1, 2, 3])})
    assert found.tolist() == [[2, 4, 0], [0, 2 * 2 + 9, 2 * 2 * 3]]


def saddle(example: Example) -> None:
    """t1^2 - t2^2: level in the origin, but no minimum."""
    y = "sum(t^2 * tensor([1.0, -1.0]))"
    at = {"t": np.float32(example["at"])}
    assert run_expression(f"grad({y}, t)", **at).tolist() == example["gradient"]
    assert run_expression(f"hessian({y}, t)", **at).tolist() == example["hessian"]
    found = run_expression(f"eigvalsh(hessian({y}, t))", **at)
    np.testing.assert_allclose(found, example["eigenvalues"], atol=1e-6)


def gradient_descent(example: Example) -> None:
    """One step down a parabola."""
    loss = "(w - 1)^2 + (w - 3)^2"
    settings = f"optimizer sgd({example['rate']})  steps 1"
    run = train(f"model M {{ param w: [] = {example['w']}\n loss {loss} }}\ntrain M {{ {settings} }}")
    run.step()
    np.testing.assert_allclose(run["w"], example["w_next"], rtol=1e-6)
    np.testing.assert_allclose(run.step()["loss"], example["f_next"], rtol=1e-6)


def sgd(example: Example) -> None:
    """One step with a batch of four."""
    w, rate = example["w"], example["rate"]
    text = f"model M {{ input i: f32[4]\n param w: [] = {w}\n loss mean((w - i)^2) }}\n"
    run = train(f"{text}train M {{ optimizer sgd({rate})  steps 1 }}")
    batch = np.float32(example["batch"])
    run.step(i=batch)
    np.testing.assert_allclose(run["w"], example["w_next"], rtol=1e-6)
    slope = run_expression("grad(mean((w - i)^2), w)", w=np.float32(w), i=batch)
    np.testing.assert_allclose(slope, example["gradient"], rtol=1e-6)


def convolution(example: Example) -> None:
    """A picture and a 3 x 3 filter, moved over it."""
    x = np.float32(example["x"])[None, None]
    w = np.ones((3, 3)) if example["w"] == "3x3 ones" else np.array(example["w"])
    settings = f"stride = {example.get('stride', 1)}, padding = {example.get('padding', 0)}"
    found = run_expression(f"conv(x, w, {settings})", x=x, w=np.float32(w)[None, None])
    assert found[0, 0].tolist() == example["y"]


def shapes(example: Example) -> None:
    """Sizes of maps from layer to layer, and numbers of weights."""
    _small_net(example["lenet_like"])
    assert _shapes(COURSE_RESNET, RESIDUAL) == [
        (int(n),) if "x" not in n else tuple(map(int, n.split("x")))
        for n in example["resnet_course"].partition(": ")[2].split(", ")
    ]
    filters = summarise(model("input x: f32[N, 3, 32, 32]\noutput y = conv2d(5, kernel = 8)(x)"))
    assert filters.parameters == int(example["conv_parameters"].split()[-1])
    mlp, counts = model("input x: f32[N, 3]\noutput y = x |> dense(4) |> dense(2)"), example["mlp_3_4_2"]
    sizes = {
        role: sum(leaf.type.size for leaf in mlp.leaves.values() if leaf.role == role) for role in _ROLES
    }
    assert sizes == {"weight": counts["weights"], "bias": counts["neurons"]}
    assert summarise(mlp).parameters == counts["with_biases"]


_ROLES = ("weight", "bias")


def _small_net(text: str) -> None:
    """`[N,3,32,32] conv 4@4x4 s2 -> [N,4,15,15]; pool ... -> [N,4,8,8]; 256 -> 10`."""
    body = """input x: f32[N, 3, 32, 32]
output a = conv2d(4, kernel = 4, stride = 2)(x)
output b = max_pool2d(2, stride = 2, padding = 1)(a)
output c = flatten(b)
output d = dense(10)(c)"""
    before, after = (int(n) for n in re.findall(r"(\d+) -> (\d+)$", text)[0])
    maps = [tuple(map(int, found.split(","))) for found in re.findall(r"\[N,([\d,]+)\]", text)]
    assert _shapes(body) == [*maps[1:], (before,), (after,)]


def _shapes(body: str, before: str = "") -> list[tuple[int, ...]]:
    return [node.type.shape[1:] for node in model(body, before).graph.outputs.values()]


def xor(example: Example) -> None:
    """Weights set by hand."""
    table = np.array(example["table"])
    found = run_model(
        load_spec(SPECS / "first_networks" / "xor_fixed.tdl").models["Xor"],
        {"x": table[:, :2], "t": table[:, 2]},
    )
    assert (found["output:y"] > 0.5).astype(int).tolist() == table[:, 2].tolist()


def transposed_size(formula: str) -> None:
    """The size that a transposed convolution gives."""
    assert formula == "s(i-1) + (k-1) - 2p + p_out + 1"
    for i, k, s, p, extra in [(4, 3, 2, 1, 1), (5, 4, 2, 1, 0), (7, 3, 1, 0, 0), (3, 5, 3, 2, 2)]:
        layer = f"conv_transpose1d(2, kernel = {k}, stride = {s}, padding = {p}, extra = {extra})"
        size = s * (i - 1) + (k - 1) - 2 * p + extra + 1
        assert _shapes(f"input x: f32[N, 1, {i}]\noutput y = {layer}(x)") == [(2, size)]


CHECKS: dict[str, Callable[[Any], None]] = {
    "softmax_123": softmax,
    "batch_loss": batch_loss,
    "cross_entropy_gradient": cross_entropy_gradient,
    "sigmoid_layer": sigmoid_layer,
    "jacobian_example": jacobian,
    "saddle": saddle,
    "gradient_descent": gradient_descent,
    "sgd": sgd,
    "conv_pad1_stride2": convolution,
    "conv_valid": convolution,
    "shapes": shapes,
    "xor_fixed": xor,
    "transposed_size": transposed_size,
}
