"""Rules on sigmoid, softplus and their logarithms: the stable forms of logistic regression.

Part of the `stable_forms` pass. Input: nodes with constants on either side. Non-goals: softmax
(`stable_forms`).
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.ir import Builder, Node
from treadle.passes.patterns import broadcast_shape, is_float, is_uniform


def log_of_sigmoid(g: Builder, node: Node) -> Node | None:
    """log(sigmoid(x)) = -softplus(-x)."""
    source = node.inputs[0]
    return g.neg(g.softplus(_negated(g, source.inputs[0]))) if source.op == "sigmoid" else None


def log_of_complement(g: Builder, node: Node) -> Node | None:
    """log(1 - sigmoid(x)) = -softplus(x)."""
    source = node.inputs[0]
    inner = complement_of(source)
    if node.op == "log1p":
        inner = source.inputs[0] if source.op == "neg" else None
    return g.neg(g.softplus(inner.inputs[0])) if inner is not None and inner.op == "sigmoid" else None


def log_of_one_plus(g: Builder, node: Node) -> Node | None:
    """log(1 + x) = log1p(x)."""
    source = node.inputs[0]
    if source.op != "add":
        return None
    for one, x in (source.inputs, source.inputs[::-1]):
        if is_uniform(one, 1) and x.type == node.type:
            return g.log1p(x)
    return None


def log1p_of_exp(g: Builder, node: Node) -> Node | None:
    """log1p(exp(x)) = softplus(x)."""
    return g.softplus(node.inputs[0].inputs[0]) if node.inputs[0].op == "exp" else None


def exp_minus_one(g: Builder, node: Node) -> Node | None:
    """exp(x) - 1 = expm1(x)."""
    x, one = node.inputs
    if x.op != "exp" or x.type != node.type or not is_uniform(one, 1 if node.op == "sub" else -1):
        return None
    return g.expm1(x.inputs[0])


def one_minus_sigmoid(g: Builder, node: Node) -> Node | None:
    """1 - sigmoid(x) = sigmoid(-x)."""
    inner = complement_of(node)
    if inner is None or inner.op != "sigmoid" or inner.type != node.type:
        return None
    return g.sigmoid(_negated(g, inner.inputs[0]))


def spelled_out_sigmoid(g: Builder, node: Node) -> Node | None:
    """1 / (1 + exp(-x)) = sigmoid(x)."""
    if node.op == "div" and not is_uniform(node.inputs[0], 1):
        return None
    total = node.inputs[-1]
    if total.op != "add" or total.type != node.type:
        return None
    for one, power in (total.inputs, total.inputs[::-1]):
        if is_uniform(one, 1) and power.op == "exp" and power.type == node.type:
            return g.sigmoid(_negated(g, power.inputs[0]))
    return None


def cross_entropy_of_sigmoid(g: Builder, node: Node) -> Node | None:
    """y * softplus(-x) + (1 - y) * softplus(x) = softplus(x) - x * y, with either sign."""
    first, second = _product(node.inputs[0]), _product(node.inputs[1])
    if first is None or second is None:
        return None
    if node.op == "sub":
        second = _Product(-second.sign, second.factors)
    for a, b in ((first, second), (second, first)):
        loss = _loss(g, a, b, node)
        if loss is not None:
            return loss if a.sign > 0 else g.neg(loss)
    return None


@dataclass(frozen=True)
class _Product:
    sign: int
    factors: tuple[Node, Node]


def _product(node: Node) -> _Product | None:
    """A product of two with the signs of all of it collected."""
    sign, node = _signed(node)
    if node.op != "mul":
        return None
    (a_sign, a), (b_sign, b) = _signed(node.inputs[0]), _signed(node.inputs[1])
    return _Product(sign * a_sign * b_sign, (a, b))


def _signed(node: Node) -> tuple[int, Node]:
    return (-1, node.inputs[0]) if node.op == "neg" else (1, node)


def _loss(g: Builder, positive: _Product, negative: _Product, node: Node) -> Node | None:
    """The loss if `positive` is y * softplus(-x) and `negative` is (1 - y) * softplus(x)."""
    if positive.sign != negative.sign:
        return None
    for target, left in (positive.factors, positive.factors[::-1]):
        for rest, right in (negative.factors, negative.factors[::-1]):
            if left.op != "softplus" or right.op != "softplus" or complement_of(rest) is not target:
                continue
            x = right.inputs[0]
            if _are_opposite(left.inputs[0], x) and _fits(node, x, target):
                return g.sub(g.softplus(x), g.mul(x, target))
    return None


def _fits(node: Node, x: Node, target: Node) -> bool:
    return broadcast_shape(x.type.shape, target.type.shape) == node.type.shape


def _are_opposite(a: Node, b: Node) -> bool:
    return (a.op == "neg" and a.inputs[0] is b) or (b.op == "neg" and b.inputs[0] is a)


def _negated(g: Builder, node: Node) -> Node:
    return node.inputs[0] if node.op == "neg" else g.neg(node)


def complement_of(node: Node) -> Node | None:
    """x if the node is 1 - x, else None."""
    if not is_float(node):
        return None
    if node.op == "sub" and is_uniform(node.inputs[0], 1):
        return node.inputs[1]
    if node.op == "add":
        for one, x in (node.inputs, node.inputs[::-1]):
            if is_uniform(one, 1) and x.op == "neg":
                return x.inputs[0]
    return None


LOGISTIC_RULES = (
    ("log", log_of_sigmoid),
    (("log", "log1p"), log_of_complement),
    ("log", log_of_one_plus),
    ("log1p", log1p_of_exp),
    (("add", "sub"), exp_minus_one),
    (("add", "sub"), one_minus_sigmoid),
    (("reciprocal", "div"), spelled_out_sigmoid),
    (("add", "sub"), cross_entropy_of_sigmoid),
)
