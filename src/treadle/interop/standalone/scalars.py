"""Elementwise ops on single elements, inside of a compiled loop: the NumPy table, but for what arrays need.

Numba compiles NumPy's functions of numbers; choices and logic become Python's own.
"""

from __future__ import annotations

from treadle.interop.standalone import elementwise
from treadle.interop.standalone.rules import NUMPY_TYPES, Rule, Use
from treadle.interop.standalone.text import LOOSEST, Text, call

NEGATION, CONJUNCTION, DISJUNCTION = 25, 20, 15


def _choice(use: Use) -> Text:
    condition, x, y = use.operands
    text = f"{x.inside(LOOSEST + 1)} if {condition.inside(LOOSEST + 1)} else {y.inside(LOOSEST + 1)}"
    return Text(text, LOOSEST)


def _logic(word: str, binding: int) -> Rule:
    def rule(use: Use) -> Text:
        left, right = use.operands
        return Text(f"{left.inside(binding + 1)} {word} {right.inside(binding + 1)}", binding)

    return rule


def _cast(use: Use) -> Text:
    return call(NUMPY_TYPES[use.node.attrs["dtype"]], use.operands[0])


RULES: dict[str, Rule] = {
    **{op: rule for op, rule in elementwise.RULES.items() if op not in {"polygamma", *elementwise.HELPERS}},
    "where": _choice,
    "logical_and": _logic("and", CONJUNCTION),
    "logical_or": _logic("or", DISJUNCTION),
    "logical_not": lambda use: Text(f"not {use.operands[0].inside(NEGATION)}", NEGATION),
    "cast": _cast,
    "sigmoid": lambda use: use.helper("sigmoid_of", *use.operands),
    "softplus": lambda use: use.helper("softplus_of", *use.operands),
    "erf": lambda use: call("math.erf", *use.operands),
    "erfc": lambda use: call("math.erfc", *use.operands),
    "log_gamma": lambda use: call("math.lgamma", *use.operands),
}
