"""Operators: normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Array


@operator("BatchNormalization")
def batch_normalization(node: Node) -> Any:
    """Channels normalised by known statistics, or by those of the batch, which give new running ones."""
    eps = node.float("epsilon", 1e-5)
    if node.opset < 9 and not node.flag("spatial", default=True):
        node.refuse("statistics of each place (`spatial` 0)")
    weights = _weights(node, 1, "gamma", "beta", "running_mean", "running_var")
    if weights is not None and not node.flag("training_mode"):
        momentum = float(str(np.float32(1 - node.float("momentum", 0.9))))
        settings = {"momentum": None if momentum == 0.1 else momentum, "eps": _unusual(eps)}
        return node.layer(call("batch_norm", **settings), weights, node[0])
    x, gamma, beta, mean, variance = (node[index] for index in range(5))
    if not node.flag("training_mode"):
        return call("scale_channels", call("standardise_by", x, mean, variance, _unusual(eps)), gamma, beta)
    keep = node.float("momentum", 0.9)
    axes = call("channel_axes", x)
    y = call("scale_channels", call("standardise", x, axes, _unusual(eps)), gamma, beta)
    new = (call("mean", x, axis=axes), call("variance", x, axis=axes))
    return y, *(keep * old + (1 - keep) * now for old, now in zip((mean, variance), new, strict=True))


def _weights(node: Node, first: int, *names: str) -> dict[str, Array] | None:
    """The operands from `first` on as weights of a layer, if it may have all of them."""
    found = {name: node.weight(first + place) for place, name in enumerate(names)}
    weights = {name: array for name, array in found.items() if array is not None and array.ndim == 1}
    return weights if len(weights) == len(names) else None


def _unusual(eps: float, usual: float = 1e-5) -> float | None:
    return None if eps == usual else eps


@operator("InstanceNormalization")
def instance_normalization(node: Node) -> Term:
    """Each channel of each example normalised, scaled and shifted."""
    eps, weights = node.float("epsilon", 1e-5), _weights(node, 1, "gamma", "beta")
    if weights is not None:
        return node.layer(call("instance_norm", eps=_unusual(eps), affine=True), weights, node[0])
    y = call("standardise", node[0], list(range(2, node.rank(0))), _unusual(eps))
    return call("scale_channels", y, node[1], node[2])


@operator("GroupNormalization")
def group_normalization(node: Node) -> Term:
    """Groups of channels normalised; before opset 21 there is one scale for each group."""
    groups, eps = node.int("num_groups"), node.float("epsilon", 1e-5)
    weights = _weights(node, 1, "gamma", "beta")
    if weights is not None and node.opset >= 21:
        return node.layer(call("group_norm", groups, eps=_unusual(eps)), weights, node[0])
    y = call("standardise_groups", node[0], groups, _unusual(eps))
    scale, bias = node[1], node[2]
    if node.opset < 21:
        times = node.shape(0)[1] // groups
        scale, bias = (call("repeat_interleave", part, times, axis=0) for part in (scale, bias))
    return call("scale_channels", y, scale, bias)


def _last_axes(node: Node) -> int | list[int]:
    """From `axis` on, counted from the end."""
    axis = node.int("axis", -1)
    first = axis if axis < 0 else axis - node.rank(0)
    return -1 if first == -1 else list(range(first, 0))


@operator("LayerNormalization")
def layer_normalization(node: Node) -> Any:
    """The last axes normalised, scaled and shifted; their means and inverse deviations, too."""
    axes, eps = _last_axes(node), node.float("epsilon", 1e-5)
    weights = _weights(node, 1, "gamma", "beta")
    if weights is not None and axes == -1 and not (node.wants(1) or node.wants(2)):
        return node.layer(call("layer_norm", eps=_unusual(eps)), weights, node[0])
    x = node[0]
    y = call("standardise", x, axes, _unusual(eps)) * node[1]
    y = y + node[2] if node.has(2) else y
    if not (node.wants(1) or node.wants(2)):
        return y
    spread = call("variance", x, axis=axes, keepdims=True)
    return y, call("mean", x, axis=axes, keepdims=True), call("rsqrt", spread + eps)


@operator("RMSNormalization")
def rms_normalization(node: Node) -> Term:
    """The last axes divided by their root mean square, and scaled."""
    axes, eps = _last_axes(node), node.float("epsilon", 1e-5)
    weights = _weights(node, 1, "gamma")
    if weights is not None and axes == -1:
        return node.layer(call("rms_norm", eps=_unusual(eps, 1e-6)), weights, node[0])
    return call("rms_scale", node[0], axes, _unusual(eps, 1e-6)) * node[1]


@operator("LRN")
def lrn(node: Node) -> Term:
    """Elements divided by a power of the sum of squares over nearby channels."""
    size = node.int("size")
    if size % 2 == 0:
        node.refuse("windows of an even number of channels")
    layer = call(
        "local_response_norm",
        size,
        alpha=node.float("alpha", 1e-4),
        beta=node.float("beta", 0.75),
        k=node.float("bias", 1.0),
    )
    return layer(node[0])


@operator("MeanVarianceNormalization")
def mean_variance_normalization(node: Node) -> Term:
    """Axes to mean 0 and deviation 1."""
    x, axes = node[0], node.ints("axes", [0, 2, 3])
    centred = x - call("mean", x, axis=axes, keepdims=True)
    return centred / (call("deviation", x, axis=axes, keepdims=True) + 1e-9)


@operator("LpNormalization")
def lp_normalization(node: Node) -> Term:
    """Vectors along an axis divided by their length; zeros stay."""
    power = node.int("p", 2)
    return call("normalise", node[0], axis=node.int("axis", -1), power=None if power == 2 else power)
