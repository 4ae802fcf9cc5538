"""Elementwise ops in NumPy: a table from op to the text of its result."""

from __future__ import annotations

from treadle.interop.standalone.rules import NUMPY_TYPES, Rule, Use
from treadle.interop.standalone.text import (
    AND,
    COMPARISON,
    OR,
    POWER,
    PRODUCT,
    SUM,
    UNARY,
    Text,
    call,
    infix,
    literal,
    method,
)
from treadle.types import DType

OPERATORS = {
    "add": ("+", SUM), "sub": ("-", SUM), "mul": ("*", PRODUCT), "div": ("/", PRODUCT), "mod": ("%", PRODUCT),
    "floordiv": ("//", PRODUCT), "logical_and": ("&", AND), "logical_or": ("|", OR),
}  # fmt: skip
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
FUNCTIONS = {
    "abs": "np.abs", "sign": "np.sign", "exp": "np.exp", "expm1": "np.expm1", "log": "np.log",
    "log1p": "np.log1p", "sqrt": "np.sqrt", "sin": "np.sin", "cos": "np.cos", "tan": "np.tan",
    "tanh": "np.tanh", "floor": "np.floor", "ceil": "np.ceil", "round": "np.round", "is_nan": "np.isnan",
    "is_finite": "np.isfinite", "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan",
    "sinh": "np.sinh", "cosh": "np.cosh", "asinh": "np.arcsinh", "acosh": "np.arccosh", "atanh": "np.arctanh",
    "maximum": "np.maximum", "minimum": "np.minimum", "atan2": "np.arctan2", "hypot": "np.hypot",
    "logaddexp": "np.logaddexp",
}  # fmt: skip
HELPERS = ("sigmoid", "softplus", "erf", "erfc", "log_gamma")
ROUNDING = {DType.F16: "round_to_f16", DType.BF16: "round_to_bf16"}


def _operator(use: Use) -> Text:
    operator, binding = OPERATORS[use.node.op]
    left, right = use.operands
    if use.node.op == "add" and right.binding == UNARY and right.text.startswith("-"):
        operator, right = "-", Text(right.text[1:])
    return infix(left, operator, right, binding)


def _comparison(use: Use) -> Text:
    """A number stands on the right."""
    left, right = use.operands
    sign = COMPARISONS[use.node.op]
    if use.node.inputs[0].op == "const":
        left, right, sign = right, left, MIRRORED.get(sign, sign)
    text = f"{left.inside(COMPARISON + 1)} {sign} {right.inside(COMPARISON + 1)}"
    return Text(text, COMPARISON)


def _neg(use: Use) -> Text:
    return Text(f"-{use.operands[0].inside(UNARY)}", UNARY)


def _logical_not(use: Use) -> Text:
    return Text(f"~{use.operands[0].inside(UNARY)}", UNARY)


def _pow(use: Use) -> Text:
    base, exponent = use.operands
    return Text(f"{base.inside(POWER + 1)} ** {exponent.inside(UNARY)}", POWER)


def _rsqrt(use: Use) -> Text:
    return Text(f"1 / {call('np.sqrt', use.operands[0]).text}", PRODUCT)


def _reciprocal(use: Use) -> Text:
    return Text(f"1 / {use.operands[0].inside(PRODUCT + 1)}", PRODUCT)


def _relu(use: Use) -> Text:
    return call("np.maximum", use.operands[0], "0")


def _where(use: Use) -> Text:
    """Two numbers would make an array of the widest type."""
    condition, x, y = use.operands
    if all(operand.op == "const" for operand in use.node.inputs[1:]):
        x = call(use.array_type, x)
    return call("np.where", condition, x, y)


def _cast(use: Use) -> Text:
    source, target = use.node.inputs[0].type.dtype, use.node.attrs["dtype"]
    if NUMPY_TYPES[source] == NUMPY_TYPES[target]:
        return use.operands[0]
    if not use.node.type.rank:
        return call(NUMPY_TYPES[target], use.operands[0])
    return method(use.operands[0], "astype", NUMPY_TYPES[target])


RULES: dict[str, Rule] = {
    **dict.fromkeys(OPERATORS, _operator),
    **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(FUNCTIONS, lambda use: call(FUNCTIONS[use.node.op], *use.operands)),
    **dict.fromkeys(HELPERS, lambda use: use.helper(use.node.op, *use.operands)),
    "neg": _neg,
    "logical_not": _logical_not,
    "pow": _pow,
    "rsqrt": _rsqrt,
    "reciprocal": _reciprocal,
    "relu": _relu,
    "where": _where,
    "cast": _cast,
    "stop_grad": lambda use: use.operands[0],
    "polygamma": lambda use: use.helper("polygamma", use.operands[0], order=use.node.attrs["order"]),
}


def rounded(use: Use, value: Text) -> Text:
    """The value as a short float where the node's type is one; views of rounded values are rounded."""
    return use.helper(ROUNDING[use.node.type.dtype], value)


def constant(use: Use) -> Text:
    """A constant of no axes, as it stands in expressions."""
    value = use.node.attrs["value"]
    return literal(value, use.node.type.dtype) if isinstance(value, bool | int | float) else use.dim(value)
