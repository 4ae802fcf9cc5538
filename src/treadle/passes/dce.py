"""Pass: removes nodes that neither an output nor an update needs, in the bodies of scans too.

Input: a graph. Output: the same graph when there is nothing to remove, else one without dead nodes. Inputs,
params and states stay, since they are the graph's interface. Nodes are copied as they are, without type
inference.
"""

from __future__ import annotations

from treadle.ir import Graph, Node
from treadle.ir.node import freeze_attrs
from treadle.ir.rewrite import transfer_ends

_INTERFACE = {"input", "param", "state"}


def run(graph: Graph) -> Graph:
    """The graph without dead nodes."""
    needed = graph.ancestors(graph.roots())
    bodies = {
        node.id: run(node.attrs["body"]) for node in graph if "body" in node.attrs and node.id in needed
    }
    dead = any(node.id not in needed and node.op not in _INTERFACE for node in graph)
    if not dead and all(body is graph[node_id].attrs["body"] for node_id, body in bodies.items()):
        return graph
    return _copy(graph, needed, bodies)


def _copy(graph: Graph, needed: set[int], bodies: dict[int, Graph]) -> Graph:
    result = Graph(graph.name)
    new: dict[int, Node] = {}
    for node in graph:
        if node.id in needed or node.op in _INTERFACE:
            inputs = tuple(new[operand.id] for operand in node.inputs)
            attrs = node.attrs
            if node.id in bodies:
                attrs = freeze_attrs({**attrs, "body": bodies[node.id]})
            new[node.id] = result.add(node.op, inputs, attrs, node.result, node.span, node.scope)
    transfer_ends(graph, result, new)
    return result
