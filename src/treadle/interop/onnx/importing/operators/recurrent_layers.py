"""Recurrent operators that are exactly layers of the library, with their weights rearranged.

Gates stand in other orders there: i o f g here is i f g o there, z r n is r z n.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.terms import Term, call, name
from treadle.interop.onnx.importing.values import Array

_ORDER = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1)}
_OPTIONS = ("clip", "input_forget", "activation_alpha", "activation_beta")
_USUAL = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


def fitting_layers(node: Node, gates: int) -> list[tuple[Term, dict[str, Array]]] | None:
    """For each direction the layer and its weights; None where the library has no such layer."""
    given = [node.weight(index) for index in (1, 2, 3)]
    W, R, B = given
    if W is None or R is None or (node.has(3) and B is None) or not _plain(node):
        return None
    bias = np.zeros((W.shape[0], 2 * W.shape[1]), W.dtype) if B is None else B
    ways = range(W.shape[0])
    return [_layer(node, way, W[way], R[way], np.split(bias[way], 2), gates) for way in ways]


def _plain(node: Node) -> bool:
    """Whether there are no lengths, first states, peepholes, unusual activations, nor a use of the memory."""
    unusual = any(node.given(option) for option in _OPTIONS) or node.has(4) or node.has(7) or node.wants(2)
    started = any(node.has(index) and not zero_state(node, index) for index in (5, 6))
    reset = node.op == "GRU" and not node.flag("linear_before_reset")
    return not (unusual or started or reset) and _activation(node) is not None


def zero_state(node: Node, index: int) -> bool:
    """Whether a first state is nothing but zeros."""
    if node.is_known(index):
        return not np.any(node.known(index))
    return node.importer.expansion.is_zero(node[index])


def _activation(node: Node) -> str | None:
    """The activation of a plain recurrent layer; None if the layers do not have those of the node."""
    usual = _USUAL[node.op]
    listed = [text.decode() for text in node.attribute("activations", [])] or usual
    if node.op == "RNN" and set(listed) <= {"Relu"}:
        return "relu"
    return "tanh" if listed == usual * (len(listed) // len(usual)) else None


def _layer(
    node: Node, way: int, W: Array, R: Array, biases: Sequence[Array], gates: int
) -> tuple[Term, dict[str, Array]]:
    hidden = W.shape[0] // gates
    order = np.concatenate([np.arange(gate * hidden, (gate + 1) * hidden) for gate in _ORDER[node.op]])
    weights = {"U": W[order].T.copy(), "W": R[order].T.copy()}
    if node.op == "GRU":
        weights |= {"b": biases[0][order], "c": biases[1][order]}
    else:
        weights |= {"b": (biases[0] + biases[1])[order]}
    backward = node.text("direction", "forward") == "reverse" or way == 1
    activation = name("relu") if _activation(node) == "relu" else None
    return call(node.op.lower(), hidden, activation=activation, backward=backward or None), weights
