"""Pass: equal computations are done once.

Input: a graph. Output: a graph in which equal nodes are one node. The builder merges nodes with the same op,
operands and attributes; this pass adds scans whose bodies print the same. Non-goals: algebraic equality
(`canonicalise` brings equal forms to one text first).
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.ir.text_print import print_graph
from treadle.passes import dce


def run(graph: Graph) -> Graph:
    """The graph without repeated computations."""
    return dce.run(_merged(graph, {}))


def _merged(graph: Graph, bodies: dict[str, Graph]) -> Graph:
    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if "body" not in node.attrs:
            return None
        body = dce.run(_merged(node.attrs["body"], bodies))
        body = bodies.setdefault(print_graph(body, comments=False), body)
        return copy_node(builder, node, inputs, body=body)

    return rewrite(graph, rule)
