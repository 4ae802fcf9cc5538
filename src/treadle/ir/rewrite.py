"""Rebuilding graphs: every pass is a walk in topological order that says what each node becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from treadle.ir.builder import Builder
from treadle.ir.graph import Graph
from treadle.ir.node import Node
from treadle.types import Dim, DimLike
from treadle.types.dims import substitute

Rule = Callable[[Builder, Node, tuple[Node, ...]], Node | None]

_LEAVES = {"input": "inputs", "param": "params", "state": "states"}


def rewrite(graph: Graph, rule: Rule, *, keep: Iterable[Node] | None = None) -> Graph:
    """A new graph in which each node is what `rule(builder, node, new_inputs)` returns; None copies the node.

    Only nodes that outputs and updates need are visited, and all inputs, params and states stay. `keep`
    limits the walk to these nodes' ancestors instead.
    """
    result = Graph(graph.name)
    builder = Builder(result)
    needed = graph.ancestors(graph.roots() if keep is None else keep)
    new: dict[int, Node] = {}
    for node in graph:
        if node.id not in needed and node.op not in _LEAVES:
            continue
        inputs = tuple(new[operand.id] for operand in node.inputs)
        with builder.at(node.span, node.scope):
            replacement = rule(builder, node, inputs)
            new[node.id] = again(builder, node, inputs) if replacement is None else replacement
    transfer_ends(graph, result, new)
    return result


def copy_node(builder: Builder, node: Node, inputs: tuple[Node, ...], **attrs: Any) -> Node:
    """The node again in the builder's graph, with changed operands and attributes."""
    return builder.apply(node.op, *inputs, **{**node.attrs, **attrs})


def again(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
    """The node on new operands; its type is inferred again only if theirs changed."""
    if all(new.result == old.result for new, old in zip(inputs, node.inputs, strict=True)):
        return builder.adopt(node, inputs)
    return copy_node(builder, node, inputs)


def transfer_ends(source: Graph, target: Graph, new: Mapping[int, Node]) -> None:
    """Gives `target` the named ends of `source`, through the map from old node ids to new nodes."""
    for ends in ("inputs", "params", "states", "outputs", "updates"):
        for name, node in getattr(source, ends).items():
            if node.id in new:
                getattr(target, ends)[name] = new[node.id]


def bind(graph: Graph, sizes: Mapping[str, int]) -> Graph:
    """The graph with symbolic dimensions replaced by sizes, in types, attributes and scan bodies."""

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        attrs = {name: bind_value(value, sizes) for name, value in node.attrs.items()}
        return builder.apply(node.op, *inputs, **attrs)

    return rewrite(graph, rule)


def bind_value(value: Any, sizes: Mapping[str, DimLike]) -> Any:
    """An attribute value with symbols replaced, inside tuples and sub-graphs too."""
    if isinstance(value, Dim):
        return substitute(value, sizes)
    if isinstance(value, tuple):
        return tuple(bind_value(item, sizes) for item in value)
    if isinstance(value, Graph):
        return bind(value, {name: size for name, size in sizes.items() if isinstance(size, int)})
    return value
