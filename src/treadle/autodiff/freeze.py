"""Makes a graph one whose derivative is the slope of its value.

Input: a graph and values for what enters it. Output: a graph where `stop_grad` is an input, with its value,
and loops are not truncated. Non-goals: `stop_grad` inside loops stays, as it has another value at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from treadle.autodiff import expand
from treadle.ir import Builder, Graph, Node, copy_node, rewrite

Values = Mapping[str, Any]
Run = Callable[[Graph, Values], Mapping[str, Any]]


def freeze(graph: Graph, values: Values, run: Run) -> tuple[Graph, dict[str, Any]]:
    """The graph and the values that it needs now."""
    needed = graph.ancestors(graph.roots())
    stopped = {
        node.id: f"stopped:{node.id}" for node in graph if node.op == "stop_grad" and node.id in needed
    }

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.id in stopped:
            return builder.input(stopped[node.id], node.type)
        return _untruncated(builder, node, inputs) if node.op == "scan" else None

    probe = copy(graph)
    probe.outputs = {name: graph[node_id] for node_id, name in stopped.items()}
    probe.updates = {}
    return rewrite(graph, rule), {**values, **run(expand.run(probe), values)}


def _untruncated(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
    def rule(inner: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return _untruncated(inner, node, inputs) if node.op == "scan" else None

    return copy_node(builder, node, inputs, body=rewrite(node.attrs["body"], rule), truncate=None)
