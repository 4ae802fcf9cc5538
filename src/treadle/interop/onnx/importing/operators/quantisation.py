"""Operators on quantised numbers: small integers with a scale and a zero point."""

from __future__ import annotations

from typing import Any

from onnx import TensorProto

from treadle.interop.onnx.importing.elements import HELD, SmallFloat
from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import fixed, sliding
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DType


@operator("QuantizeLinear")
def quantize_linear(node: Node) -> Term:
    """round(x / scale) + zero, kept in the range of the integers."""
    x = node[0]
    if node.given("precision") and node.dtype_attribute("precision") is not node.dtype(0):
        node.refuse("another precision than that of the operand")
    zero = _beside(node, 2) if node.has(2) else None
    return _quantised(node, x, _beside(node, 1), zero, 2)


def _quantised(node: Node, x: Term, scale: Any, zero: Any, index: int) -> Term:
    """x as integers of the type of the zero point, the operand `index`."""
    number = node.value(index).element if node.has(index) else node.int("output_dtype", 0)
    held = HELD.get(number or TensorProto.UINT8)
    if held is None:
        if (
            node.dtype(index) if node.has(index) else node.dtype_of(number or TensorProto.UINT8)
        ) is not DType.U8:
            node.refuse("quantised numbers that are no small integers")
        return call("quantise", x, scale, zero)
    if isinstance(held, SmallFloat):  # zero points of floats are 0
        return held.rounded(x / scale, saturate=node.flag("saturate", default=True))
    return call("quantise", x, scale, 0 if zero is None else zero, held.low, held.high, held.dtype)


@operator("DequantizeLinear")
def dequantize_linear(node: Node) -> Term:
    """(q - zero) scale."""
    if node.given("output_dtype") and node.dtype_attribute("output_dtype") is not node.dtype(1):
        node.refuse("another element type than that of the scale")
    return call("dequantise", node[0], _beside(node, 1), _beside(node, 2) if node.has(2) else None)


def _beside(node: Node, index: int) -> Term:
    """A scale or zero point as it goes with the operand: for all of it, per part of an axis, or per block."""
    rank, given = node.rank(0), node.rank(index)
    if given == 0 or node.shape(index) == (1,):
        return node[index] if given == 0 else call("reshape", node[index], [])
    axis = node.int("axis", 1) % rank
    block = node.int("block_size", 0)
    if block:
        return call("repeat_interleave", node[index], block, axis=axis)
    return call("reshape", node[index], [-1] + [1] * (rank - 1 - axis))


@operator("DynamicQuantizeLinear")
def dynamic_quantize_linear(node: Node) -> list[Term]:
    """Integers with a scale from the range of the operand, the scale and the zero point."""
    return node.unpack(call("quantise_range", node[0]), 3)


def _centred(node: Node, index: int, zero: int, dtype: DType = DType.F64) -> Term:
    """An operand less its zero point, in a type that holds products and sums exactly."""
    x = call("cast", node[index], dtype)
    if not node.has(zero):
        return x
    base = call("cast", node[zero], dtype)
    if node.rank(zero) == 1 and index == 0 and node.shape(zero) != (1,):  # one for each row
        base = call("expand_dims", base, -1)
    return x - base


@operator("MatMulInteger")
def matmul_integer(node: Node) -> Term:
    """A product of matrices of integers less their zero points."""
    return call("cast", _centred(node, 0, 2) @ _centred(node, 1, 3), DType.I32)


@operator("QLinearMatMul")
def qlinear_matmul(node: Node) -> Term:
    """A product of quantised matrices, quantised."""
    product = _centred(node, 0, 2) @ _centred(node, 3, 5)
    scale = call("cast", node[1] * node[4] / node[6], DType.F64)
    return _quantised(node, product * scale, 1, node[7], 7)


@operator("QLinearConv")
def qlinear_conv(node: Node) -> Term:
    """A convolution of quantised numbers, quantised."""
    x = _centred(node, 0, 2)
    w = call("cast", node[3], DType.F64) - _filterwise(node, 5)
    windows = sliding(node, fixed(node, node.shape(3)[2:], "filters"))
    groups = node.int("group", 1)
    y = call("conv", x, w, **windows.settings(groups=None if groups == 1 else groups))
    if node.has(8):
        y = y + call("channel_bias", call("cast", node[8], DType.F64), node.rank(0) - 2)
    factor = (
        call("cast", node[1], DType.F64) * _filterwise(node, 4, axis=1) / call("cast", node[6], DType.F64)
    )
    return _quantised(node, y * factor, 1, node[7], 7)


def _filterwise(node: Node, index: int, axis: int = 0) -> Term:
    """A number for all filters, or one for each of them along an axis."""
    x = call("cast", node[index], DType.F64)
    if node.rank(index) == 0:
        return x
    if node.shape(index) == (1,):
        return call("reshape", x, [])
    return call("reshape", x, [-1] + [1] * (node.rank(0) - 1 - axis))
