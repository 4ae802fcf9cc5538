"""The operator table, and the tree it makes of a flat list of operands and operators.

Stage: called by `transform` for each operator expression. Output: nested `Binary` and `Unary` nodes.
Uses a stack instead of recursion (the shunting-yard algorithm), so that a long chain cannot exhaust Python's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from treadle.errors import Label, fail
from treadle.frontend.ast import Binary, Expr, Unary
from treadle.source import Span

# Loosest first. `-x` binds tighter than `*` and looser than `^`, so -x^2 is -(x^2).
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("not",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "//", "%", "@"),
    ("negative",),
    ("^",),
)
_LEVEL = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators}
_COMPARISON = _LEVEL["=="]
_POWER = _LEVEL["^"]
LOOSEST, TIGHTEST = 0, len(_LEVELS) - 1


class Operator(NamedTuple):
    """An operator as read: `prefix` tells `-x` from `a - x`."""

    text: str
    span: Span
    prefix: bool

    @property
    def level(self) -> int:
        """How tightly it binds."""
        return prefix_level(self.text) if self.prefix else _LEVEL[self.text]


def prefix_level(operator: str) -> int:
    """How tightly `-x` and `not x` bind."""
    return _LEVEL["negative" if operator == "-" else operator]


def binary_level(operator: str) -> int:
    """How tightly `a operator b` binds."""
    return _LEVEL[operator]


def binary_sides(operator: str) -> tuple[int, int]:
    """How tightly the two sides of `a operator b` must bind to stand without brackets."""
    level = _LEVEL[operator]
    left = level + 1 if level in (_COMPARISON, _POWER) else level
    return left, level if level == _POWER else level + 1


def build_operation(parts: Sequence[Expr | Operator]) -> Expr:
    """Build the tree of `parts`: operands, each after any number of prefix operators, with binary ones
    between.

    Raises TreadleError: E0111 for `a < b < c`, E0101 for `a + not b`.
    """
    operands: list[Expr] = []
    pending: list[Operator] = []
    for part in parts:
        if not isinstance(part, Operator):
            operands.append(part)
        elif part.prefix:
            _check_prefix(part, pending)
            pending.append(part)
        else:
            while pending and _binds_left(pending[-1], part):
                _apply(pending.pop(), operands)
            pending.append(part)
    while pending:
        _apply(pending.pop(), operands)
    return operands[0]


def _binds_left(earlier: Operator, later: Operator) -> bool:
    """Whether `earlier` takes the operand that stands between the two."""
    if earlier.level == later.level == _COMPARISON:
        hint = f"join two comparisons with `and`: a {earlier.text} b and b {later.text} c"
        labels = (Label(earlier.span, "the first comparison"),)
        fail("E0111", "comparisons cannot be chained", later.span, labels=labels, hint=hint)
    return earlier.level > later.level or (earlier.level == later.level and later.level != _POWER)


def _check_prefix(operator: Operator, pending: list[Operator]) -> None:
    if operator.text == "not" and pending and pending[-1].level > operator.level:
        before = pending[-1]
        message = f"`not` cannot follow `{before.text}` directly"
        fail("E0101", message, operator.span, hint="write brackets: (not x)")


def _apply(operator: Operator, operands: list[Expr]) -> None:
    right = operands.pop()
    if operator.prefix:
        operands.append(Unary(operator.text, right, span=operator.span.to(right.span)))
    else:
        left = operands.pop()
        operands.append(Binary(operator.text, left, right, span=left.span.to(right.span)))
