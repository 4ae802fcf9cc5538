"""Copying parts of graphs into other graphs, with chosen replacements."""

from __future__ import annotations

from collections.abc import Iterable

from treadle.ir.builder import Builder
from treadle.ir.graph import Graph
from treadle.ir.node import Node
from treadle.ir.rewrite import again


def copy_into(builder: Builder, graph: Graph, roots: Iterable[Node], known: dict[int, Node]) -> None:
    """Copies what `roots` need, by way of `known` (old id -> new node), which it extends; places are kept.

    Nothing above a known node is looked at.
    """
    for node_id in sorted(_missing(roots, known)):
        node = graph[node_id]
        inputs = tuple(known[operand.id] for operand in node.inputs)
        with builder.at(node.span, node.scope):
            known[node_id] = again(builder, node, inputs)


def _missing(roots: Iterable[Node], known: dict[int, Node]) -> set[int]:
    found: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.id not in known and node.id not in found:
            found.add(node.id)
            stack.extend(node.inputs)
    return found
