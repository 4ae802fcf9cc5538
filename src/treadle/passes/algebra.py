# ruff: noqa: ARG001, ARG005 - all rules have one signature
"""Pass: local algebra that saves work: identities, powers, nested reductions, factors moved out of sums.

Input: a graph in canonical form (constants right). Rules in `RULES` hold for NaN and infinities; the rounding
of the last bit may differ. Rules in `UNSAFE_RULES` lose NaN or infinities and are off by default.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

from treadle.ir import Builder, Graph, Node
from treadle.passes.bodies import RuleTable, apply_rules, merge_tables, table
from treadle.passes.patterns import (
    broadcast,
    filled,
    is_float,
    is_uniform,
    scalar,
    uniform,
)
from treadle.passes.products import PRODUCT_RULES
from treadle.passes.sums import SUM_RULES


def run(graph: Graph, *, unsafe: bool = False) -> Graph:
    """The graph with algebra done; `unsafe` adds the rules that assume finite numbers."""
    return apply_rules(graph, merge_tables(RULES, UNSAFE_RULES) if unsafe else RULES)


def neutral(number: float) -> Callable[[Builder, Node], Node | None]:
    """The rule that x op number = x."""

    def neutral_operand(g: Builder, node: Node) -> Node | None:
        x, y = node.inputs
        return broadcast(g, x, node.type.shape) if is_uniform(y, number) else None

    return neutral_operand


def merge_factors(g: Builder, node: Node) -> Node | None:
    """(x * a) * b = x * (a * b), also with division, where a * b is an ordinary number."""
    inner, b = node.inputs[0], uniform(node.inputs[1])
    if inner.op not in {"mul", "div"} or b is None or node.inputs[1].type.rank or not is_float(node):
        return None
    a = uniform(inner.inputs[1])
    if a is None or inner.inputs[1].type.rank or a == 0 or b == 0:
        return None
    factor = (float(a) if inner.op == "mul" else 1 / float(a)) * (
        float(b) if node.op == "mul" else 1 / float(b)
    )
    if not 1e-30 < abs(factor) < 1e30:
        return None
    return g.mul(inner.inputs[0], scalar(g, factor, node.type.dtype))


def power(g: Builder, node: Node) -> Node | None:
    """Powers with small exponents are products and roots."""
    x, y = node.inputs
    exponent = uniform(y)
    if exponent is None or not is_float(node):
        return None
    base = broadcast(g, x, node.type.shape)
    if exponent == 0:
        return filled(g, 1, node.type)
    rule = _POWERS.get(float(exponent))
    return rule(g, base) if rule else None


def same_operands(g: Builder, node: Node) -> Node | None:
    """max(x, x) = min(x, x) = x and x = x or x = x."""
    return node.inputs[0] if node.inputs[0] is node.inputs[1] else None


def merge_extremes(g: Builder, node: Node) -> Node | None:
    """max(max(x, a), b) = max(x, max(a, b)), and so for min; max(max(x, y), y) = max(x, y)."""
    inner, y = node.inputs
    if inner.op != node.op:
        return None
    if y in inner.inputs and inner.type == node.type:
        return inner
    a, b = uniform(inner.inputs[1]), uniform(y)
    if a is None or b is None or y.type.rank or inner.inputs[1].type.rank or isnan(a + b):
        return None
    best = max(a, b) if node.op == "maximum" else min(a, b)
    return g.apply(node.op, inner.inputs[0], scalar(g, best, node.type.dtype))


def maximum_with_zero(g: Builder, node: Node) -> Node | None:
    """max(x, 0) = relu(x)."""
    x, y = node.inputs
    return g.relu(x) if is_uniform(y, 0) and y.type.rank == 0 and is_float(node) else None


def repeated(g: Builder, node: Node) -> Node | None:
    """f(f(x)) = f(x) for functions that change nothing the second time."""
    return node.inputs[0] if node.inputs[0].op == node.op else None


def involution(g: Builder, node: Node) -> Node | None:
    """f(f(x)) = x for functions that undo themselves."""
    return node.inputs[0].inputs[0] if node.inputs[0].op == node.op else None


def even_function(g: Builder, node: Node) -> Node | None:
    """f(-x) = f(x) and f(|x|) = f(x) for even functions."""
    inner = node.inputs[0]
    return g.apply(node.op, inner.inputs[0]) if inner.op in {"neg", "abs"} else None


def square_without_sign(g: Builder, node: Node) -> Node | None:
    """|x| * |x| = x * x, -x * -x = x * x."""
    x, y = node.inputs
    return g.mul(x.inputs[0], x.inputs[0]) if x is y and x.op in {"abs", "neg"} else None


def known_choice(g: Builder, node: Node) -> Node | None:
    """where(true, a, b) = a, where(false, a, b) = b, where(c, a, a) = a."""
    condition, a, b = node.inputs
    known = uniform(condition)
    if a is b:
        known = True
    if known is None:
        return None
    return broadcast(g, a if known else b, node.type.shape)


def logical_with_constant(g: Builder, node: Node) -> Node | None:
    """x and true = x, x and false = false, x or true = true, x or false = x."""
    x, y = node.inputs
    known = uniform(y)
    if known is None:
        return None
    decides = bool(known) == (node.op == "logical_or")
    return filled(g, bool(known), node.type) if decides else broadcast(g, x, node.type.shape)


def integer_zero(g: Builder, node: Node) -> Node | None:
    """x * 0 = 0 and x - x = 0 for integers."""
    return None if is_float(node) else zero(g, node)


def zero(g: Builder, node: Node) -> Node | None:
    """x * 0 = 0 and x - x = 0: for finite numbers only."""
    x, y = node.inputs
    vanishes = x is y if node.op == "sub" else is_uniform(y, 0)
    return filled(g, 0, node.type) if vanishes else None


def equal_quotient(g: Builder, node: Node) -> Node | None:
    """x / x = 1: for finite numbers other than 0 only."""
    return filled(g, 1, node.type) if node.inputs[0] is node.inputs[1] and is_float(node) else None


def exp_of_log(g: Builder, node: Node) -> Node | None:
    """exp(log(x)) = x: for x >= 0 only."""
    return node.inputs[0].inputs[0] if node.inputs[0].op == "log" else None


def square_of_root(g: Builder, node: Node) -> Node | None:
    """sqrt(x) * sqrt(x) = x: for x >= 0 only."""
    x, y = node.inputs
    return x.inputs[0] if x is y and x.op == "sqrt" else None


def _square(g: Builder, x: Node) -> Node:
    return g.mul(x, x)


_POWERS: dict[float, Callable[[Builder, Node], Node]] = {
    1.0: lambda g, x: x,
    2.0: _square,
    3.0: lambda g, x: g.mul(_square(g, x), x),
    4.0: lambda g, x: _square(g, _square(g, x)),
    0.5: lambda g, x: g.sqrt(x),
    1.5: lambda g, x: g.mul(x, g.sqrt(x)),
    -0.5: lambda g, x: g.rsqrt(x),
    -1.0: lambda g, x: g.reciprocal(x),
    -2.0: lambda g, x: g.reciprocal(_square(g, x)),
}

RULES: RuleTable = merge_tables(
    table(
        (("add", "sub"), neutral(0)),
        (("mul", "div", "floordiv"), neutral(1)),
        (("mul", "sub"), integer_zero),
        (("mul", "div"), merge_factors),
        ("mul", square_without_sign),
        ("pow", power),
        (("maximum", "minimum", "logical_and", "logical_or"), same_operands),
        (("maximum", "minimum"), merge_extremes),
        ("maximum", maximum_with_zero),
        (("relu", "abs", "floor", "ceil", "round", "sign"), repeated),
        (("neg", "logical_not"), involution),
        (("abs", "cos"), even_function),
        ("where", known_choice),
        (("logical_and", "logical_or"), logical_with_constant),
    ),
    SUM_RULES,
    PRODUCT_RULES,
)

UNSAFE_RULES: RuleTable = table(
    (("mul", "sub"), zero),
    ("div", equal_quotient),
    ("exp", exp_of_log),
    ("mul", square_of_root),
)
