"""Elementwise arithmetic, functions and choices; where the language has the function, it is called."""

from __future__ import annotations

from functools import reduce

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import Translator, operator
from treadle.interop.onnx.importing.terms import Term, call, total
from treadle.interop.onnx.importing.values import Value
from treadle.types import DType

SAME = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh", "Atan": "atan",
    "Atanh": "atanh", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Erf": "erf", "Exp": "exp",
    "Floor": "floor", "IsNaN": "is_nan", "Log": "log", "Reciprocal": "reciprocal", "Relu": "relu",
    "Round": "round", "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin", "Sinh": "sinh", "Sqrt": "sqrt",
    "Tan": "tan", "Tanh": "tanh",
}  # fmt: skip


def same(function: str) -> Translator:
    """The translator to a function of the operands."""

    def translate(node: Node) -> Term:
        return call(function, *node.terms)

    translate.__doc__ = f"`{function}(x)`."
    return translate


for _theirs, _ours in SAME.items():
    operator(_theirs)(same(_ours))


@operator("Neg")
def neg(node: Node) -> Term:
    """y = -x."""
    return -node[0]


def operands(node: Node) -> list[Term]:
    """The operands of arithmetic: known numbers stand for themselves, as long as one is a tensor."""
    terms = [node.operand(index) for index in range(node.count)]
    tensors = any(node.importer.expansion.type_of(term) is not None for term in terms)
    return terms if tensors else node.terms


@operator("Add")
def add(node: Node) -> Term:
    """z = x + y."""
    left, right = operands(node)
    return left + right


@operator("Sub")
def sub(node: Node) -> Term:
    """z = x - y."""
    left, right = operands(node)
    return left - right


@operator("Mul")
def mul(node: Node) -> Term:
    """z = x * y."""
    left, right = operands(node)
    return left * right


@operator("Div")
def div(node: Node) -> Term:
    """z = x / y; of integers without the fraction, towards 0."""
    left, right = operands(node)
    if node.dtype(0).is_float:
        return left / right
    if node.dtype(0) is DType.U8:
        return left // right
    return call("sign", left) * call("sign", right) * (call("abs", left) // call("abs", right))


@operator("Mod")
def mod(node: Node) -> Term:
    """The remainder, with the sign of y; with `fmod` that of x."""
    left, right = node.terms
    if not node.flag("fmod"):
        endless = node.dtype(0).is_float and not (node.is_known(1) and np.isfinite(node.known(1)).all())
        return call("remainder", left, right) if endless else left % right
    if node.dtype(0).is_float:
        return call("fmod", left, right)
    if node.dtype(0) is DType.U8:
        return left % right
    return call("sign", left) * (call("abs", left) % call("abs", right))


@operator("Pow")
def power(node: Node) -> Term:
    """z = x^y in the element type of x."""
    dtype = node.dtype(0)
    if dtype.is_float:
        exponent = node.operand(1) if node.value(1).term is None else cast_to(node, 1, dtype)
        return node[0] ** exponent
    result = call("cast", node[0], DType.F64) ** call("cast", node[1], DType.F64)
    return call("cast", call("round", result), dtype)


def cast_to(node: Node, index: int, dtype: DType) -> Term:
    """An operand in an element type."""
    return node[index] if node.dtype(index) is dtype else call("cast", node[index], dtype)


@operator("Sum")
def sum_(node: Node) -> Term:
    """The sum of all operands."""
    return total(node.terms)


@operator("Mean")
def mean(node: Node) -> Term:
    """The mean of all operands."""
    return total(node.terms) / node.count


@operator("Max")
def maximum(node: Node) -> Term:
    """The largest of all operands."""
    return reduce(lambda left, right: call("maximum", left, right), operands(node))


@operator("Min")
def minimum(node: Node) -> Term:
    """The smallest of all operands."""
    return reduce(lambda left, right: call("minimum", left, right), operands(node))


@operator("Where")
def where(node: Node) -> Term:
    """Per element x where the condition holds, else y."""
    return call("where", *node.terms)


@operator("Clip")
def clip_attributes(node: Node) -> Term:
    """x between two numbers."""
    low, high = node.float("min", None), node.float("max", None)
    return call("clip", node[0], low=low, high=high) if (low, high) != (None, None) else node[0]


@operator("Clip", since=11)
def clip(node: Node) -> Term:
    """x between two operands; the upper one counts where they contradict."""
    result = node[0]
    if node.has(1):
        result = call("maximum", result, node.operand(1))
    return call("minimum", result, node.operand(2)) if node.has(2) else result


@operator("Cast")
def cast(node: Node) -> Term:
    """x in another element type."""
    return _cast(node, node.dtype_attribute("to"))


@operator("CastLike")
def cast_like(node: Node) -> Term:
    """x in the element type of another operand."""
    return _cast(node, node.dtype(1))


def _cast(node: Node, dtype: DType) -> Term:
    if dtype is DType.BOOL and node.dtype(0) is not DType.BOOL:
        return node[0].differs(0)
    return cast_to(node, 0, dtype)


@operator("BitCast")
def bit_cast(node: Node) -> Value:
    """The same bytes read as another element type: of known values only."""
    node.refuse("elements are numbers here, not bytes")


@operator("IsInf")
def is_inf(node: Node) -> Term:
    """Whether x is infinite, in the directions asked for."""
    up, down = node.flag("detect_positive", True), node.flag("detect_negative", True)
    infinity = call("full", [], float("inf"), node.dtype(0))
    if up and down:
        return call("abs", node[0]).equals(infinity)
    if not up and not down:
        return node[0] < -infinity
    return node[0].equals(infinity if up else -infinity)
