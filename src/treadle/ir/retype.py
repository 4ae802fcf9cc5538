"""Changes an element type throughout a graph, such as f32 to f64 for checking derivatives."""

from __future__ import annotations

from typing import Any

from treadle.ir.builder import Builder
from treadle.ir.graph import Graph
from treadle.ir.node import Node
from treadle.ir.rewrite import rewrite
from treadle.types import DType


def retype(graph: Graph, old: DType, new: DType) -> Graph:
    """The graph with an element type replaced by another in leaves, constants, casts, draws and bodies."""
    bodies: dict[int, Graph] = {}

    def changed(value: Any) -> Any:
        if isinstance(value, Graph):
            if id(value) not in bodies:
                bodies[id(value)] = retype(value, old, new)
            return bodies[id(value)]
        return new if value is old else value

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return builder.apply(node.op, *inputs, **{name: changed(value) for name, value in node.attrs.items()})

    return rewrite(graph, rule)
