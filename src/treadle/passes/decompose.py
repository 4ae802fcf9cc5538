"""Pass: composite ops become the primitives they are made of.

Input: a graph, with or without `grad` nodes. Output: a graph without composites. Runs before differentiation
too, so that only primitives need gradients. Non-goals: choosing better forms (`stable_forms`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY
from treadle.passes import dce
from treadle.passes.bodies import rewrite_nested


class _PrimitiveBuilder:
    """A builder for decompositions that may use composites themselves."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __getattr__(self, op: str) -> Callable[..., Any]:
        if op not in REGISTRY:
            return getattr(self._builder, op)  # type: ignore[no-any-return]
        return lambda *operands, **attrs: self.apply(op, *operands, **attrs)

    def apply(self, op: str, *operands: Node | float, **attrs: Any) -> Node:
        decomposition = REGISTRY[op].decompose
        if decomposition is None:
            return self._builder.apply(op, *operands, **attrs)
        node: Node = decomposition(self, *operands, **{**REGISTRY[op].attrs, **attrs})
        return node


def run(graph: Graph) -> Graph:
    """The graph with composites replaced, to any depth."""

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if REGISTRY[node.op].decompose is None:
            return None
        return _PrimitiveBuilder(builder).apply(node.op, *inputs, **node.attrs)

    return dce.run(rewrite_nested(graph, rule))
