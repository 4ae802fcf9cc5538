"""Operators: `+ - * / // % @ ^`, comparisons and logic, on compile-time values and on tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.budget import check_int, check_length, check_text
from treadle.frontend.elaborate.values import NONE, ScanIndex, Tensor, Value, describe, is_number, is_size
from treadle.source import Span
from treadle.types import Dim, DimLike, DType, dim_floordiv, dim_mod
from treadle.types.dims import lower_bound

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

OPS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floordiv",
    "%": "mod",
    "^": "pow",
    "@": "matmul",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "and": "logical_and",
    "or": "logical_or",
}
ARITHMETIC = frozenset({"+", "-", "*", "//", "%"})
EQUALITY = frozenset({"==", "!="})
ORDER = frozenset({"<", "<=", ">", ">="})
LOGIC = frozenset({"and", "or"})

_SIZE_OPS: dict[str, Callable[[DimLike, DimLike], DimLike]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": dim_floordiv,
    "%": dim_mod,
}
_NUMBER_OPS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def binary(el: Elaborator, op: str, left: Value, right: Value, span: Span) -> Value:
    """`left op right`.

    Raises:
        TreadleError: E0406 division by zero, E0407 values that do not go together, E02xx from the op's type
            rule.
    """
    if op in EQUALITY and (left is NONE or right is NONE):
        return (left is right) == (op == "==")
    if isinstance(left, Tensor | ScanIndex) or isinstance(right, Tensor | ScanIndex):
        return _tensor_binary(el, op, left, right, span)
    if op in EQUALITY:
        return _equal(left, right, span) == (op == "==")
    if is_size(left) and is_size(right) and op in _SIZE_OPS:
        return size_binary(op, left, right, span)
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _dim_binary(el, op, left, right, span)
    if is_number(left) and is_number(right):
        return _number_binary(op, left, right, span)
    return _other_binary(el, op, left, right, span)


def _other_binary(el: Elaborator, op: str, left: Value, right: Value, span: Span) -> Value:
    """Texts, lists and booleans; nested lists of numbers count as tensors."""
    if op == "+" and isinstance(left, str) and isinstance(right, str):
        return check_text(left + right, span)
    if op == "+" and isinstance(left, list) and isinstance(right, list):
        check_length(len(left) + len(right), span)
        return left + right
    if op == "*" and isinstance(left, list) and isinstance(right, int):
        check_length(len(left) * max(right, 0), span)
        return left * right
    if _is_nested_numbers(left) or _is_nested_numbers(right):
        return _tensor_binary(el, op, convert.to_tensor(el, left, span), right, span)
    if op in LOGIC and isinstance(left, bool) and isinstance(right, bool):
        return (left and right) if op == "and" else (left or right)
    fail("E0407", f"`{op}` does not go with {describe(left)} and {describe(right)}", span)


def unary(el: Elaborator, op: str, value: Value, span: Span) -> Value:
    """`-value` or `not value`."""
    if isinstance(value, ScanIndex):
        value = value.position()
    if isinstance(value, Tensor):
        return el.op("neg", _signed(el, value)) if op == "-" else el.op("logical_not", value)
    if op == "not" and isinstance(value, bool):
        return not value
    if op == "-" and (is_number(value) or isinstance(value, Dim)):
        return -value
    if op == "-" and isinstance(value, list):
        return el.op("neg", convert.to_tensor(el, value, span))
    fail("E0407" if op == "-" else "E0404", f"`{op}` does not go with {describe(value)}", span)


def condition(value: Value, span: Span) -> bool:
    """`value` as the condition of `if`, `where` or `require`.

    Raises:
        TreadleError: E0410 for a tensor, E0404 for anything else that is no boolean.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, Tensor | ScanIndex):
        hint = "to choose per element while the network runs, write `where(condition, a, b)`"
        fail("E0410", f"a tensor cannot decide what is built: this is {describe(value)}", span, hint=hint)
    fail("E0404", f"expected true or false, found {describe(value)}", span)


def _tensor_binary(el: Elaborator, op: str, left: Value, right: Value, span: Span) -> Tensor:
    if op == "@":
        return matmul(el, *convert.floats(el, (left, right), span))
    if op in {"/", "^"}:
        return el.op(OPS[op], *convert.floats(el, (left, right), span))
    a, b = convert.operands(el, (left, right), span)
    if op in ARITHMETIC and a.dtype is DType.BOOL:
        a, b = convert.cast(el, a, convert.DEFAULT), convert.cast(el, b, convert.DEFAULT)
    return el.op(OPS[op], a, b)


def matmul(el: Elaborator, left: Tensor, right: Tensor) -> Tensor:
    """`left @ right`; a vector is a row on the left and a column on the right, and that axis is dropped."""
    row, column = left.rank == 1, right.rank == 1
    a = el.op("reshape", left, shape=(1, *left.shape)) if row else left
    b = el.op("reshape", right, shape=(*right.shape, 1)) if column else right
    product = el.op("matmul", a, b)
    if not (row or column):
        return product
    batch, (m, n) = product.shape[:-2], product.shape[-2:]
    return el.op("reshape", product, shape=(*batch, *(() if row else (m,)), *(() if column else (n,))))


def _signed(el: Elaborator, value: Tensor) -> Tensor:
    return convert.cast(el, value, convert.DEFAULT) if value.dtype is DType.BOOL else value


def size_binary(op: str, left: DimLike, right: DimLike, span: Span) -> DimLike:
    """`left op right` of integers and symbolic sizes, for `+ - * // %`."""
    if op in {"//", "%"} and right == 0:
        fail("E0406", f"`{op}` by zero", span)
    return check_int(_SIZE_OPS[op](left, right), span)


def _dim_binary(el: Elaborator, op: str, left: Value, right: Value, span: Span) -> Value:
    if op in ORDER and is_size(left) and is_size(right):
        return _ordered(op, left, right, span)
    if op == "^" and isinstance(right, int) and 0 <= right <= 8:
        result: DimLike = 1
        for _ in range(right):
            result = size_binary("*", result, left, span)
        return result
    if _is_numeric(left) and _is_numeric(right) and op in OPS and op not in LOGIC | {"@"}:
        return el.op(OPS[op], *convert.floats(el, (left, right), span))
    fail("E0407", f"`{op}` does not go with {describe(left)} and {describe(right)}", span)


def _is_numeric(value: Value) -> bool:
    return is_number(value) or isinstance(value, Dim)


def _ordered(op: str, left: DimLike, right: DimLike, span: Span) -> bool:
    """Decides an order from the difference, with every symbol at least 0."""
    more = lower_bound(left - right)
    less = lower_bound(right - left)
    if isinstance(left - right, int):
        return _COMPARE[op](more or 0, 0)
    if more is not None and (more > 0 or (more == 0 and op in {">=", "<"})):
        return op in {">", ">="}
    if less is not None and (less > 0 or (less == 0 and op in {"<=", ">"})):
        return op in {"<", "<="}
    fail("E0403", f"whether {left} {op} {right} is not known until the sizes are", span)


def _equal(left: Value, right: Value, span: Span) -> bool:
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(_equal(a, b, span) for a, b in zip(left, right, strict=True))
    if is_size(left) and is_size(right) and left != right and not isinstance(left - right, int):
        more, less = lower_bound(left - right), lower_bound(right - left)
        if (more or 0) <= 0 and (less or 0) <= 0:
            fail("E0403", f"whether {left} == {right} is not known until the sizes are", span)
    return bool(left == right)


def _number_binary(op: str, left: float, right: float, span: Span) -> Value:
    if op in _COMPARE:
        return _COMPARE[op](left, right)
    if op in {"/", "//", "%"} and right == 0:
        fail("E0406", f"`{op}` by zero", span)
    try:
        result = _power(left, right, span) if op == "^" else _NUMBER_OPS[op](left, right)
    except KeyError:
        fail("E0407", f"`{op}` does not go with {describe(left)} and {describe(right)}", span)
    except OverflowError:
        fail("E0904", f"{left} {op} {right} is too large", span)
    if isinstance(result, float) and result in {float("inf"), float("-inf")}:
        fail("E0904", f"{left} {op} {right} is too large", span)
    return check_int(result, span) if isinstance(result, int) else result


def _power(base: float, exponent: float, span: Span) -> float:
    if base == 0 and exponent < 0:
        fail("E0406", f"0 ^ {exponent} has no value", span)
    if isinstance(base, int) and isinstance(exponent, int):
        if exponent >= 0 and base.bit_length() * exponent > 4096:
            fail("E0904", f"{base} ^ {exponent} is too large", span)
        return int(base**exponent) if exponent >= 0 else float(base) ** exponent
    if base < 0 and exponent != int(exponent):
        fail("E0411", f"{base} ^ {exponent} has no real value", span)
    return float(float(base) ** exponent)


def _is_nested_numbers(value: Value) -> bool:
    if not isinstance(value, list):
        return False
    while isinstance(value, list) and value:
        value = value[0]
    return is_number(value)
