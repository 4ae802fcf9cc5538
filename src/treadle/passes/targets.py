"""Hides what a graph differentiates by, so that passes before differentiation do not look through it.

A rule that replaces f(g(x)) by h(x) is right, but the gradient by the node g(x) would be lost, since h(x)
does not depend on it. Input: a graph with `grad` nodes. Output: the same with a mark behind each such node: a
reshape that changes nothing.
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.passes.bodies import apply_rules, rewrite_bodies, table


def hide(graph: Graph) -> Graph:
    """The graph with marks; the same graph if it differentiates by nothing but leaves."""
    nested = rewrite_bodies(graph, hide)
    targets = {node.inputs[1].id for node in nested if node.op == "grad" and node.inputs[1].inputs}
    if not targets:
        return nested

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.id not in targets:
            return None
        return builder.reshape(copy_node(builder, node, inputs), shape=node.type.shape)

    return rewrite(nested, rule)


def reveal(graph: Graph) -> Graph:
    """The graph without marks."""
    return apply_rules(graph, table(("reshape", _source_of_mark)))


def is_mark(node: Node) -> bool:
    """Whether the node is a reshape that changes nothing."""
    return node.op == "reshape" and node.inputs[0].type.shape == node.type.shape


def _source_of_mark(_: Builder, node: Node) -> Node | None:
    return node.inputs[0] if is_mark(node) else None
