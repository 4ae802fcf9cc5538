"""Operators: activation functions, and shares along axes."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call, term


@operator("LeakyRelu")
def leaky_relu(node: Node) -> Term:
    """x above 0, alpha x below."""
    return call("leaky_relu", node[0], node.float("alpha", 0.01))


@operator("PRelu")
def prelu(node: Node) -> Term:
    """As `LeakyRelu` with slopes that broadcast to x; before opset 7 they are those of channels."""
    weight = node.weight(1)
    if weight is not None and node.rank(0) >= 2 and weight.size == node.shape(0)[1] == max(weight.shape):
        inside = (weight.size, *[1] * (node.rank(0) - 2))  # behind the examples: one for each channel
        if weight.shape in (inside, (1, *inside)):
            return node.layer(call("prelu"), {"a": weight.reshape(-1)}, node[0])
    slope = node[1]
    if node.opset < 7 and node.rank(1) == 1 and node.rank(0) > 2:
        slope = call("channel_bias", slope, node.rank(0) - 2)
    return call("leaky_relu", node[0], slope=slope)


@operator("Elu")
def elu(node: Node) -> Term:
    """alpha (exp(x) - 1) below 0."""
    return call("elu", node[0], node.float("alpha", 1.0))


@operator("Celu")
def celu(node: Node) -> Term:
    """alpha (exp(x / alpha) - 1) below 0."""
    return call("celu", node[0], node.float("alpha", 1.0))


@operator("Selu")
def selu(node: Node) -> Term:
    """gamma elu(x, alpha); the defaults are those of the library."""
    if not (node.given("alpha") or node.given("gamma")):
        return call("selu", node[0])
    alpha, gamma = node.float("alpha", 1.6732632), node.float("gamma", 1.050701)
    return term(gamma) * call("elu", node[0], alpha)


@operator("HardSigmoid")
def hard_sigmoid(node: Node) -> Term:
    """alpha x + beta between 0 and 1."""
    return call("clip", node.float("alpha", 0.2) * node[0] + node.float("beta", 0.5), 0.0, 1.0)


@operator("ThresholdedRelu")
def thresholded_relu(node: Node) -> Term:
    """x above alpha, 0 elsewhere."""
    return call("threshold", node[0], node.float("alpha", 1.0), 0)


@operator("Shrink")
def shrink(node: Node) -> Term:
    """x moved towards 0 by a bias where it is further away than lambd, 0 elsewhere."""
    width, bias = node.float("lambd", 0.5), node.float("bias", 0.0)
    if bias in (0.0, width):
        return call("hard_shrink" if bias == 0 else "soft_shrink", node[0], width)
    x = node[0]
    return call("where", x < -width, x + bias, call("where", x > width, x - bias, 0))


@operator("Gelu")
def gelu(node: Node) -> Term:
    """x Phi(x), or its approximation by tanh."""
    way = node.text("approximate", "none")
    return call("gelu", node[0], approximate=True if way == "tanh" else None)


@operator("Swish")
def swish(node: Node) -> Term:
    """x sigmoid(alpha x)."""
    return _swish(node[0], node.float("alpha", 1.0))


@operator("SwiGLU")
def swiglu(node: Node) -> Term:
    """Swish of the first operand times the second."""
    return _swish(node[0], node.float("alpha", 1.0)) * node[1]


def _swish(x: Term, alpha: float) -> Term:
    return call("silu", x) if alpha == 1 else x * call("sigmoid", alpha * x)


@operator("Softplus")
def softplus(node: Node) -> Term:
    """ln(1 + exp(x))."""
    return call("softplus", node[0])


@operator("Softsign")
def softsign(node: Node) -> Term:
    """x / (1 + |x|)."""
    return call("softsign", node[0])


@operator("Mish")
def mish(node: Node) -> Term:
    """x tanh(softplus(x))."""
    return call("mish", node[0])


@operator("HardSwish")
def hard_swish(node: Node) -> Term:
    """x hard_sigmoid(x)."""
    return call("hard_swish", node[0])


@operator("Softmax")
def softmax(node: Node) -> Term:
    """Probabilities along an axis."""
    return call("softmax", node[0], axis=_share_axes(node))


@operator("LogSoftmax")
def log_softmax(node: Node) -> Term:
    """Logarithms of probabilities along an axis."""
    return call("log_softmax", node[0], axis=_share_axes(node))


def _share_axes(node: Node) -> int | list[int] | None:
    """The axis; before opset 13 it is the first of all those that are taken as one."""
    if node.opset >= 13:
        axis = node.int("axis", -1)
        return None if axis in (-1, node.rank(0) - 1) else int(axis)
    rank = node.rank(0)
    axes = list(range(node.int("axis", 1) % max(rank, 1), rank))
    return None if len(axes) == 1 else axes


@operator("Hardmax")
def hardmax(node: Node) -> Term:
    """1 at the first largest element along an axis, 0 elsewhere."""
    x, axes = node[0], _share_axes(node)
    if isinstance(axes, list):
        return _joined_hardmax(node, x, node.rank(0) - len(axes))
    axis = -1 if axes is None else axes
    best = call("argmax", x, axis=axis, keepdims=True)
    return call("cast", call("positions_like", x, axis).equals(best), node.dtype(0))


def _joined_hardmax(node: Node, x: Term, first: int) -> Term:
    flat = node.let(call("flatten", x, first))
    best = call("argmax", flat, axis=-1, keepdims=True)
    hit = call("cast", call("positions_like", flat, -1).equals(best), node.dtype(0))
    return call("reshape", hit, list(node.shape(0)))
