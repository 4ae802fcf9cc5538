"""Operators that say where elements go: shapes, axes, parts."""

from __future__ import annotations

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Value, known_value
from treadle.types import DimLike, DType


@operator("Constant")
def constant(node: Node) -> Value:
    """A value of the file."""
    if node.given("value"):
        value = node.importer.constant(node.attribute("value"))
        assert value.known is not None  # noqa: S101 - constants are
        return known_value(value.known, value.type.dtype)
    if node.given("value_int"):
        return known_value(np.array(node.int("value_int"), np.int64), DType.I64)
    if node.given("value_ints"):
        return known_value(np.array(node.ints("value_ints"), np.int64), DType.I64)
    if node.given("value_float"):
        return known_value(np.array(node.float("value_float"), np.float32), DType.F32)
    if node.given("value_floats"):
        return known_value(np.array(node.floats("value_floats"), np.float32), DType.F32)
    node.refuse("a constant that is neither a tensor nor numbers")


@operator("Identity")
def identity(node: Node) -> Value:
    """The operand itself."""
    return node.value(0)


@operator("Reshape", since=5)
def reshape(node: Node) -> Term:
    """Another shape: 0 keeps a size, -1 is worked out."""
    wanted = node.sizes(1)
    if not node.flag("allowzero"):
        wanted = [_kept(node, axis, size) for axis, size in enumerate(wanted)]
    return call("reshape", node[0], wanted)


def _kept(node: Node, axis: int, size: DimLike) -> DimLike:
    if size != 0:
        return size
    if axis >= node.rank(0):
        node.refuse(f"a shape keeps axis {axis} of {node.type(0)}")
    return node.shape(0)[axis]
