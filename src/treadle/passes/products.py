"""Rules on matrix products and choices with known parts: less is multiplied, fewer choices are made.

Part of the `algebra` pass. Input: matrix products, sums and multiples of `where`. Non-goals: shapes of
products (`flatten_matmul`).
"""

from __future__ import annotations

from math import isfinite

from treadle.ir import Builder, Node
from treadle.passes.bodies import table
from treadle.passes.patterns import broadcast, is_float, is_uniform, scalar, uniform


def outer_product(g: Builder, node: Node) -> Node | None:
    """a[M, 1] @ b[1, N] = a * b: there is nothing to sum."""
    a, b = node.inputs
    return broadcast(g, g.mul(a, b), node.type.shape) if a.type.shape[-1] == 1 else None


def product_with_uniform(g: Builder, node: Node) -> Node | None:
    """a @ b with all elements of one operand equal to c is c times the sums of the other."""
    a, b = node.inputs
    for known, other, axis in ((a, b, b.type.rank - 2), (b, a, a.type.rank - 1)):
        value = uniform(known)
        if value is not None:
            sums = g.sum(other, axes=(axis,), keepdims=True)
            return broadcast(g, g.mul(sums, scalar(g, value, node.type.dtype)), node.type.shape)
    return None


def complementary_choices(g: Builder, node: Node) -> Node | None:
    """where(c, a, 0) + where(c, 0, b) = where(c, a, b)."""
    for first, second in (node.inputs, node.inputs[::-1]):
        if first.op != "where" or second.op != "where" or first.inputs[0] is not second.inputs[0]:
            return None
        if is_uniform(first.inputs[2], 0) and is_uniform(second.inputs[1], 0):
            chosen = g.where(first.inputs[0], first.inputs[1], second.inputs[2])
            return broadcast(g, chosen, node.type.shape)
    return None


def multiple_of_choice(g: Builder, node: Node) -> Node | None:
    """where(c, a, 0) * n = where(c, a * n, 0) for a finite number n; so for quotients."""
    choice, factor = node.inputs
    number = uniform(factor)
    if choice.op != "where" or number is None or factor.type.rank or not is_float(node):
        return None
    condition, a, b = choice.inputs
    if not (is_uniform(a, 0) or is_uniform(b, 0)) or not isfinite(number) or number == 0:
        return None
    a, b = (x if is_uniform(x, 0) else g.apply(node.op, x, factor) for x in (a, b))
    return g.where(condition, a, b)


PRODUCT_RULES = table(
    ("matmul", outer_product),
    ("matmul", product_with_uniform),
    ("add", complementary_choices),
    (("mul", "div"), multiple_of_choice),
)
