"""Elementwise ops as ONNX nodes: a table from op to what writes it.

Ops that ONNX has under another name stand in `SAME`; the others are formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from treadle.interop.onnx.writer import ELEMENT_TYPES, Writer
from treadle.ir import Node

Rule = Callable[[Writer, Node], str]

SAME = {
    "neg": "Neg", "abs": "Abs", "sign": "Sign", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos", "tan": "Tan", "tanh": "Tanh",
    "sigmoid": "Sigmoid", "relu": "Relu", "softplus": "Softplus", "erf": "Erf",
    "floor": "Floor", "ceil": "Ceil", "round": "Round",
    "is_nan": "IsNaN", "logical_not": "Not", "stop_grad": "Identity", "asin": "Asin", "acos": "Acos",
    "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh",
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "pow": "Pow", "maximum": "Max", "minimum": "Min",
    "lt": "Less", "le": "LessOrEqual", "gt": "Greater", "ge": "GreaterOrEqual", "eq": "Equal",
    "logical_and": "And", "logical_or": "Or", "where": "Where", "matmul": "MatMul",
}  # fmt: skip


def _same(writer: Writer, node: Node) -> str:
    return writer.add(SAME[node.op], *map(writer.value, node.inputs))


def _one(writer: Writer, node: Node) -> str:
    return writer.scalar(1, node.type.dtype)


def _expm1(writer: Writer, node: Node) -> str:
    return writer.add("Sub", writer.add("Exp", writer.value(node.inputs[0])), _one(writer, node))


def _log1p(writer: Writer, node: Node) -> str:
    return writer.add("Log", writer.add("Add", writer.value(node.inputs[0]), _one(writer, node)))


def _rsqrt(writer: Writer, node: Node) -> str:
    return writer.add("Reciprocal", writer.add("Sqrt", writer.value(node.inputs[0])))


def _erfc(writer: Writer, node: Node) -> str:
    return writer.add("Sub", _one(writer, node), writer.add("Erf", writer.value(node.inputs[0])))


def _is_finite(writer: Writer, node: Node) -> str:
    x = writer.value(node.inputs[0])
    return writer.add("Not", writer.add("Or", writer.add("IsNaN", x), writer.add("IsInf", x)))


def _ne(writer: Writer, node: Node) -> str:
    return writer.add("Not", writer.add("Equal", *map(writer.value, node.inputs)))


def _cast(writer: Writer, node: Node) -> str:
    return writer.add("Cast", writer.value(node.inputs[0]), to=ELEMENT_TYPES[node.attrs["dtype"]])


def _floordiv(writer: Writer, node: Node) -> str:
    """x // y = floor(x / y); for integers (x - x mod y) / y, since ONNX divides towards zero."""
    x, y = map(writer.value, node.inputs)
    if node.type.dtype.is_float:
        return writer.add("Floor", writer.add("Div", x, y))
    return writer.add("Div", writer.add("Sub", x, writer.add("Mod", x, y)), y)


def _mod(writer: Writer, node: Node) -> str:
    x, y = map(writer.value, node.inputs)
    if not node.type.dtype.is_float:
        return writer.add("Mod", x, y)
    whole = writer.add("Floor", writer.add("Div", x, y))
    return writer.add("Sub", x, writer.add("Mul", whole, y))


def _hypot(writer: Writer, node: Node) -> str:
    squares = [writer.add("Mul", writer.value(side), writer.value(side)) for side in node.inputs]
    return writer.add("Sqrt", writer.add("Add", *squares))


def _logaddexp(writer: Writer, node: Node) -> str:
    """max(x, y) + log(1 + e^-|x - y|)."""
    x, y = map(writer.value, node.inputs)
    apart = writer.add("Neg", writer.add("Abs", writer.add("Sub", x, y)))
    return writer.add("Add", writer.add("Max", x, y), writer.add("Softplus", apart))


def _atan2(writer: Writer, node: Node) -> str:
    """The angle of (y, x) from atan(y / x), by the quadrant; 0 at the origin."""
    dtype = node.type.dtype
    y, x = map(writer.value, node.inputs)
    zero, pi = writer.scalar(0, dtype), writer.scalar(math.pi, dtype)
    down = writer.add("Less", y, zero)
    straight = writer.add("Equal", x, zero)
    safe = writer.add("Where", straight, writer.scalar(1, dtype), x)
    angle = writer.add("Atan", writer.add("Div", y, safe))
    turn = writer.add("Where", down, writer.add("Neg", pi), pi)
    beyond = writer.add("Where", writer.add("Less", x, zero), writer.add("Add", angle, turn), angle)
    half = writer.add("Mul", writer.add("Sign", y), writer.scalar(math.pi / 2, dtype))
    return writer.add("Where", straight, half, beyond)


RULES: dict[str, Rule] = {
    **dict.fromkeys(SAME, _same),
    "expm1": _expm1,
    "log1p": _log1p,
    "rsqrt": _rsqrt,
    "erfc": _erfc,
    "is_finite": _is_finite,
    "ne": _ne,
    "cast": _cast,
    "floordiv": _floordiv,
    "mod": _mod,
    "hypot": _hypot,
    "logaddexp": _logaddexp,
    "atan2": _atan2,
}
