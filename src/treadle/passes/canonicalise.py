"""Pass: brings equal meanings to one form, so that later passes need to know one form only.

Constants stand right, `neg` moves outwards, `sub` of a constant is `add`, `gt` is `lt`, comparisons are not
negated, chains of casts and of views are one, and nothing is broadcast before an op that broadcasts anyway.
Input: a graph whose gradients are expanded. Non-goals: rules that save work (`algebra`).
"""

from __future__ import annotations

import math

from treadle.ir import Builder, Graph, Node
from treadle.passes.bodies import RuleTable, apply_rules, merge_tables, table
from treadle.passes.broadcasts import BROADCAST_RULES
from treadle.passes.pads import PAD_RULES
from treadle.passes.patterns import as_element, filled, is_float, is_uniform, scalar, uniform
from treadle.passes.views import VIEW_RULES
from treadle.types import DType

COMMUTATIVE = ("add", "mul", "maximum", "minimum", "eq", "ne", "logical_and", "logical_or")


def run(graph: Graph) -> Graph:
    """The graph in canonical form."""
    return apply_rules(graph, RULES)


def order_operands(g: Builder, node: Node) -> Node | None:
    """Operands of commutative ops stand by rank, then in creation order; constants last."""
    a, b = node.inputs
    if _place_of(a) <= _place_of(b):
        return None
    return g.apply(node.op, b, a)


def subtract_constant(g: Builder, node: Node) -> Node | None:
    """x - c = x + (-c); 0 - x = -x."""
    x, y = node.inputs
    value = uniform(y)
    if value is not None and uniform(x) is None and _negatable(y):
        return g.add(x, scalar(g, -value, y.type.dtype)) if y.type.rank <= x.type.rank else None
    if is_uniform(x, 0) and x.type.rank == 0 and y.type.dtype != DType.BOOL:
        return g.neg(y)
    return None


def negated_operand(g: Builder, node: Node) -> Node | None:
    """x + -y = x - y; x - -y = x + y; -x - y = -(x + y)."""
    x, y = node.inputs
    if y.op == "neg":
        return g.apply("sub" if node.op == "add" else "add", x, y.inputs[0])
    if x.op == "neg":
        return g.sub(y, x.inputs[0]) if node.op == "add" else g.neg(g.add(x.inputs[0], y))
    return None


def negated_factor(g: Builder, node: Node) -> Node | None:
    """-x * y = -(x * y), x / -y = -(x / y); -x * c = x * -c."""
    x, y = node.inputs
    value = uniform(y)
    if x.op == "neg" and value is not None and _negatable(y) and y.type.rank == 0:
        return g.apply(node.op, x.inputs[0], scalar(g, -value, y.type.dtype))
    if x.op == "neg":
        return g.neg(g.apply(node.op, x.inputs[0], y))
    return g.neg(g.apply(node.op, x, y.inputs[0])) if y.op == "neg" else None


def times_minus_one(g: Builder, node: Node) -> Node | None:
    """x * -1 = -x, x / -1 = -x."""
    x, y = node.inputs
    return g.neg(x) if is_uniform(y, -1) and y.type.rank == 0 and _negatable(y) else None


def negation(g: Builder, node: Node) -> Node | None:
    """-(x - y) = y - x; -(x * c) = x * -c."""
    source = node.inputs[0]
    if source.op == "sub":
        return g.sub(source.inputs[1], source.inputs[0])
    if source.op == "mul" and _negatable(source):
        value = uniform(source.inputs[1])
        if value is not None and source.inputs[1].type.rank == 0:
            return g.mul(source.inputs[0], scalar(g, -value, source.type.dtype))
    return None


def quotient(g: Builder, node: Node) -> Node | None:
    """1 / x = reciprocal(x); x / c = x * (1 / c) for powers of two (exact); x / (1 / y) = x * y."""
    x, y = node.inputs
    if not is_float(node):
        return None
    value = uniform(y)
    if value is not None and y.type.rank == 0 and _is_power_of_two(float(value)):
        return g.mul(x, scalar(g, 1.0 / value, y.type.dtype))
    if y.op == "reciprocal":
        return g.mul(x, y.inputs[0])
    return g.reciprocal(y) if is_uniform(x, 1) and x.type.rank == 0 else None


def product_with_reciprocal(g: Builder, node: Node) -> Node | None:
    """x * (1 / y) = x / y, unless `y` is smaller than the product: then one division serves many."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if y.op == "reciprocal" and y.type.shape == node.type.shape:
            return g.div(x, y.inputs[0])
    return None


def mirrored_comparison(g: Builder, node: Node) -> Node | None:
    """a > b is b < a; a >= b is b <= a."""
    return g.apply({"gt": "lt", "ge": "le"}[node.op], *node.inputs[::-1])


def negated_comparison(g: Builder, node: Node) -> Node | None:
    """not (a == b) is a != b, for NaN too (the order comparisons have no such opposite)."""
    source = node.inputs[0]
    opposite = {"eq": "ne", "ne": "eq"}.get(source.op)
    return g.apply(opposite, *source.inputs) if opposite else None


def negated_choice(g: Builder, node: Node) -> Node | None:
    """where(not c, a, b) = where(c, b, a)."""
    condition, a, b = node.inputs
    return g.where(condition.inputs[0], b, a) if condition.op == "logical_not" else None


def chain_of_casts(g: Builder, node: Node) -> Node | None:
    """A cast to its own type goes; of two casts the first goes if it loses nothing."""
    source = node.inputs[0]
    if source.type.dtype == node.type.dtype:
        return source
    if source.op == "cast" and source.type.dtype in _HELD_BY[source.inputs[0].type.dtype]:
        return g.cast(source.inputs[0], dtype=node.type.dtype)
    return None


def constant_value(g: Builder, node: Node) -> Node | None:
    """The value of a constant is a Python number of its element type."""
    value = uniform(node)
    if value is None or type(value) is type(as_element(value, node.type.dtype)):
        return None
    return filled(g, value, node.type)


def _place_of(node: Node) -> tuple[bool, int, int]:
    return (uniform(node) is not None, -node.type.rank, node.id)


def _negatable(node: Node) -> bool:
    return node.type.dtype not in {DType.BOOL, DType.U8}


def _is_power_of_two(value: float) -> bool:
    return (
        value != 0
        and math.isfinite(value)
        and abs(math.frexp(value)[0]) == 0.5
        and 2**-60 <= abs(value) <= 2**60
    )


_HELD_BY: dict[DType, set[DType]] = {
    DType.BOOL: {DType.U8, DType.I32, DType.I64, DType.F16, DType.BF16, DType.F32, DType.F64},
    DType.U8: {DType.I32, DType.I64, DType.F16, DType.BF16, DType.F32, DType.F64},
    DType.I32: {DType.I64, DType.F64},
    DType.I64: set(),
    DType.F16: {DType.F32, DType.F64},
    DType.BF16: {DType.F32, DType.F64},
    DType.F32: {DType.F64},
    DType.F64: set(),
}

RULES: RuleTable = merge_tables(
    table(
        ("const", constant_value),
        (COMMUTATIVE, order_operands),
        ("sub", subtract_constant),
        (("add", "sub"), negated_operand),
        (("mul", "div"), times_minus_one),
        (("mul", "div"), negated_factor),
        ("neg", negation),
        ("div", quotient),
        ("mul", product_with_reciprocal),
        (("gt", "ge"), mirrored_comparison),
        ("logical_not", negated_comparison),
        ("where", negated_choice),
        ("cast", chain_of_casts),
    ),
    VIEW_RULES,
    BROADCAST_RULES,
    PAD_RULES,
)
