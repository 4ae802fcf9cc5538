"""Which nodes of a graph are needed, and how often each name is used.

Input: nodes in order, names of results. Output: nodes, names. Uses inside of inner graphs count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from onnx import GraphProto, NodeProto


def results_of(graph: GraphProto) -> list[str]:
    """The names of a graph's results."""
    return [info.name for info in graph.output]


def needed_nodes(nodes: Sequence[NodeProto], results: Collection[str]) -> list[NodeProto]:
    """The nodes that the results depend on, in order."""
    return [node for node, _ in _needed(nodes, results)]


def count_uses(nodes: Sequence[NodeProto], results: Collection[str]) -> Counter[str]:
    """How often a name is an operand of a needed node, or a result."""
    found = Counter(results)
    for _, uses in _needed(nodes, results):
        found.update(uses)
    return found


def _needed(nodes: Sequence[NodeProto], results: Collection[str]) -> list[tuple[NodeProto, list[str]]]:
    """The nodes that the results depend on, each with the names that it and graphs inside it use."""
    needed, kept = set(results), []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            uses = list(_uses(node))
            kept.append((node, uses))
            needed.update(uses)
    return kept[::-1]


def _uses(node: NodeProto) -> Iterator[str]:
    yield from node.input
    for attribute in node.attribute:
        for graph in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
            yield from count_uses(graph.node, results_of(graph)).elements()
