"""Operators on square matrices."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call


@operator("Det")
def det(node: Node) -> Term:
    """The determinants of matrices."""
    return call("det", node[0])
