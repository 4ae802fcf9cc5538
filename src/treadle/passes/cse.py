"""Pass: equal computations are done once.

Input: a graph. Output: a graph in which equal nodes are one node. The builder merges nodes with the same op,
operands and attributes; this pass adds scans whose bodies print the same. Non-goals: algebraic equality
(`canonicalise` brings equal forms to one text first).
"""

from __future__ import annotations

from typing import Any

from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.ir.node import attrs_key
from treadle.ir.text_print import print_graph
from treadle.passes import dce


def run(graph: Graph) -> Graph:
    """The graph without repeated computations."""
    bodies: dict[Any, Graph] = {}

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if "body" not in node.attrs:
            return None
        body = run(node.attrs["body"])
        others = attrs_key({name: value for name, value in node.attrs.items() if name != "body"})
        key = (print_graph(body, comments=False), tuple(operand.id for operand in inputs), others)
        return copy_node(builder, node, inputs, body=bodies.setdefault(key, body))

    return dce.run(rewrite(graph, rule))
