"""Operators: losses; classes lie along axis 1."""

from __future__ import annotations

from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call


@operator("NegativeLogLikelihoodLoss")
def negative_log_likelihood(node: Node) -> Term:
    """Of log-probabilities."""
    return _class_loss(node, "nll")


@operator("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy(node: Node) -> Any:
    """Of logits, and the log-probabilities."""
    loss = _class_loss(node, "cross_entropy")
    return (loss, call("log_softmax", node[0], axis=1)) if node.wants(1) else loss


def _class_loss(node: Node, function: str) -> Term:
    reduction = node.text("reduction", "mean")
    return call(
        function,
        node[0],
        node[1],
        weight=node[2] if node.has(2) else None,
        ignore=node.int("ignore_index", None),
        axis=None if node.rank(0) == 2 else 1,
        reduction=None if reduction == "mean" else reduction,
    )
