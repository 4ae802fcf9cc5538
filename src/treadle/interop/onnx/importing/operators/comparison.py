"""Comparisons, logic, and the bits of integers."""

from __future__ import annotations

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.elementwise import operands
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DType


@operator("Equal")
def equal(node: Node) -> Term:
    """Whether x = y."""
    left, right = operands(node)
    return left.equals(right)


@operator("Less")
def less(node: Node) -> Term:
    """Whether x < y."""
    left, right = operands(node)
    return left < right


@operator("LessOrEqual")
def less_or_equal(node: Node) -> Term:
    """Whether x <= y."""
    left, right = operands(node)
    return left <= right


@operator("Greater")
def greater(node: Node) -> Term:
    """Whether x > y."""
    left, right = operands(node)
    return left > right


@operator("GreaterOrEqual")
def greater_or_equal(node: Node) -> Term:
    """Whether x >= y."""
    left, right = operands(node)
    return left >= right


@operator("And")
def and_(node: Node) -> Term:
    """Whether both hold."""
    return node[0] & node[1]


@operator("Or")
def or_(node: Node) -> Term:
    """Whether one holds."""
    return node[0] | node[1]


@operator("Xor")
def xor(node: Node) -> Term:
    """Whether just one holds."""
    return node[0].differs(node[1])


@operator("Not")
def not_(node: Node) -> Term:
    """Whether it does not hold."""
    return ~node[0]


@operator("BitShift")
def bit_shift(node: Node) -> Term:
    """The bits of x moved by y places."""
    name = "shift_left" if node.text("direction") == "LEFT" else "shift_right"
    return call(name, node[0], node[1])


@operator("BitwiseAnd")
def bitwise_and(node: Node) -> Term:
    """Bits that both have."""
    return call("bitwise_and", node[0], node[1])


@operator("BitwiseOr")
def bitwise_or(node: Node) -> Term:
    """Bits that one has."""
    return call("bitwise_or", node[0], node[1])


@operator("BitwiseXor")
def bitwise_xor(node: Node) -> Term:
    """Bits that just one has."""
    return call("bitwise_xor", node[0], node[1])


@operator("BitwiseNot")
def bitwise_not(node: Node) -> Term:
    """The other bits: -1 - x, and 255 - x for bytes."""
    return 255 - node[0] if node.dtype(0) is DType.U8 else -1 - node[0]
