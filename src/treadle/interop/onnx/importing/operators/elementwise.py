"""Elementwise operators."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import Translator, operator
from treadle.interop.onnx.importing.terms import Term, call


def same(function: str) -> Translator:
    """The translator to a function of the operands."""

    def translate(node: Node) -> Term:
        return call(function, *node.terms)

    return translate


for _theirs, _ours in {
    "Relu": "relu",
    "Exp": "exp",
    "Abs": "abs",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
}.items():
    operator(_theirs)(same(_ours))


@operator("Add", since=7)
def add(node: Node) -> Term:
    """x + y."""
    return node.operand(0) + node.operand(1)
