"""Operators of training: one step of an optimizer for any number of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call

_TRAINING = "ai.onnx.preview.training"


def _columns(node: Node, kinds: int) -> list[list[Term]]:
    """Operands after the rate and the step: all weights, all gradients, and each kind of state."""
    count = (node.count - 2) // kinds
    return [[node[2 + kind * count + i] for i in range(count)] for kind in range(kinds)]


def _by_kind(rows: Sequence[Sequence[Term]]) -> list[Term]:
    return [part for parts in zip(*rows, strict=True) for part in parts]


@operator("Adagrad", domain=_TRAINING)
def adagrad(node: Node) -> Any:
    """w - r g / (sqrt(H) + eps), H the sum of all g^2."""
    rate = node[0] / (1 + node.float("decay_factor", 0.0) * node[1])
    rows = []
    for w, g, h in zip(*_columns(node, 3), strict=True):
        slope = node.let(node.float("norm_coefficient", 0.0) * w + g)
        total = node.let(h + slope * slope)
        rows.append((w - rate * slope / (call("sqrt", total) + node.float("epsilon", 0.0)), total))
    return _by_kind(rows)


@operator("Adam", domain=_TRAINING)
def adam(node: Node) -> Any:
    """Running means of g and g^2, with their bias taken out of the rate after the first step."""
    alpha, beta = node.float("alpha", 0.9), node.float("beta", 0.999)
    rate, step = node[0], node[1]
    unbiased = call("sqrt", 1 - beta**step) / (1 - alpha**step)
    fair = call("where", step > 0, rate * unbiased, rate)
    rows = []
    for w, g, v, h in zip(*_columns(node, 4), strict=True):
        slope = node.let(node.float("norm_coefficient", 0.0) * w + g)
        mean = node.let(alpha * v + (1 - alpha) * slope)
        spread = node.let(beta * h + (1 - beta) * slope * slope)
        new = w - fair * mean / (call("sqrt", spread) + node.float("epsilon", 0.0))
        rows.append(((1 - node.float("norm_coefficient_post", 0.0)) * new, mean, spread))
    return _by_kind(rows)


@operator("Momentum", domain=_TRAINING)
def momentum(node: Node) -> Any:
    """A velocity that keeps a share of itself; in mode nesterov the step looks ahead."""
    keep, nesterov = node.float("alpha"), node.text("mode") == "nesterov"
    first = call("where", node[1] > 0, node.float("beta"), 1.0)
    rows = []
    for w, g, v in zip(*_columns(node, 3), strict=True):
        slope = node.let(node.float("norm_coefficient", 0.0) * w + g)
        speed = node.let(keep * v + first * slope)
        rows.append((w - node[0] * (slope + keep * speed if nesterov else speed), speed))
    return _by_kind(rows)


@operator("Gradient", domain=_TRAINING)
def gradient(node: Node) -> list[Term]:
    """The derivatives of the sum of a value by others, all of them named as in the graph."""
    names = [text.decode() for text in node.attribute("xs")]
    if names != list(node.proto.input[: len(names)]):
        node.refuse("derivatives at other values than those of the graph")
    y = node.importer.tensor(node.importer.find(node.text("y"), str(node)))
    return [call("grad", call("sum", y), node[index]) for index in range(len(names))]
