"""Pass: once gradients are expanded, `stop_grad(x)` is x.

Input: a graph without `grad` nodes. Non-goals: anything else; rules elsewhere need not know `stop_grad`.
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.passes.bodies import apply_rules, table


def run(graph: Graph) -> Graph:
    """The graph without `stop_grad`."""
    return apply_rules(graph, table(("stop_grad", _source)))


def _source(_: Builder, node: Node) -> Node | None:
    source: Node = node.inputs[0]
    return source
