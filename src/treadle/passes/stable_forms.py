# ruff: noqa: ARG001 - all rules have one signature
"""Pass: forms that overflow or cancel become their stable equals.

log(softmax(x)), log(sum(exp(x))), softmax without a shift, log(sigmoid(x)), log(1 - sigmoid(x)), log(1 +
exp(x)), log(1 + x), exp(x) - 1 and binary cross-entropy of a sigmoid. Runs before differentiation, so that
gradients come out stable as well (that of cross-entropy as `p - onehot`), and after it for what gradients
bring. Input: a graph; before differentiation one whose targets are hidden (`targets`). Non-goals: speed.
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node, copy_node
from treadle.passes.bodies import RuleTable, apply_rules, table
from treadle.passes.logistic import LOGISTIC_RULES
from treadle.passes.patterns import broadcast, reshaped, scalar
from treadle.passes.targets import is_mark

_SELECTIONS = ("take_along", "take", "slice", "reshape", "transpose")


def run(graph: Graph) -> Graph:
    """The graph in stable form."""
    return apply_rules(graph, RULES)


def log_of_exp(g: Builder, node: Node) -> Node | None:
    """log(exp(x)) = x."""
    return node.inputs[0].inputs[0] if node.inputs[0].op == "exp" else None


def log_of_quotient(g: Builder, node: Node) -> Node | None:
    """log(exp(x) / s) = x - log(s), which makes log(softmax(x)) safe."""
    quotient = node.inputs[0]
    if quotient.op != "div" or quotient.inputs[0].op != "exp":
        return None
    exponential, total = quotient.inputs
    return broadcast(g, g.sub(exponential.inputs[0], stable_log(g, total)), node.type.shape)


def log_of_sum(g: Builder, node: Node) -> Node | None:
    """log(sum(exp(x))) = m + log(sum(exp(x - m))) with m = max(x)."""
    total = node.inputs[0]
    if total.op != "sum" or total.inputs[0].op != "exp" or is_shifted(total.inputs[0]):
        return None
    exponent = total.inputs[0].inputs[0]
    axes = total.attrs["axes"]
    shift = _shift(g, exponent, axes)
    small = g.log(g.sum(g.exp(g.sub(exponent, shift)), **total.attrs))
    return g.add(small, reshaped(g, shift, node.type.shape))


def log_of_selection(g: Builder, node: Node) -> Node | None:
    """log(p[i]) = log(p)[i] where log(p) has a stable form."""
    selection = node.inputs[0]
    if selection.op not in _SELECTIONS or is_mark(selection):
        return None
    source = selection.inputs[0]
    logarithm = stable_log(g, source)
    if logarithm.op == "log":
        return None
    return copy_node(g, selection, (logarithm, *selection.inputs[1:]))


def unshifted_softmax(g: Builder, node: Node) -> Node | None:
    """exp(x) / sum(exp(x)) = exp(x - m) / sum(exp(x - m)) with m = max(x)."""
    exponential, divisor = node.inputs
    total = divisor.inputs[0] if divisor.op == "broadcast_to" else divisor
    if total.op != "sum" or total.inputs[0] is not exponential or not total.attrs["keepdims"]:
        return None
    if exponential.op != "exp" or is_shifted(exponential):
        return None
    exponent = exponential.inputs[0]
    shifted = g.exp(g.sub(exponent, _shift(g, exponent, total.attrs["axes"])))
    return g.div(shifted, g.sum(shifted, **total.attrs))


def stable_log(g: Builder, node: Node) -> Node:
    """The logarithm of a node in stable form where there is one, else `log(node)`."""
    draft = g.log(node)
    for rule in RULES["log"]:
        stable = rule(g, draft)
        if stable is not None:
            return stable
    return draft


def is_shifted(exponential: Node) -> bool:
    """Whether the exponent is already `x - max(x)`, so that nothing can overflow."""
    exponent = exponential.inputs[0]
    if exponent.op != "sub":
        return False
    shift = exponent.inputs[1]
    while shift.op in {"broadcast_to", "reshape", "stop_grad", "where"}:
        shift = shift.inputs[1 if shift.op == "where" else 0]
    return shift.op == "max"


def _shift(g: Builder, exponent: Node, axes: tuple[int, ...]) -> Node:
    """The maximum along the axes; 0 where that is infinite, so that infinities stay what they are."""
    largest = g.stop_grad(g.max(exponent, axes=axes, keepdims=True))
    return g.where(g.is_finite(largest), largest, scalar(g, 0, exponent.type.dtype))


RULES: RuleTable = table(
    ("log", log_of_exp),
    ("log", log_of_quotient),
    ("log", log_of_sum),
    *LOGISTIC_RULES,
    ("log", log_of_selection),
    ("div", unshifted_softmax),
)
