"""Pass: composite ops become the primitives they are made of.

Input: a graph, with or without `grad` nodes. Output: a graph without composites. Runs before differentiation
too, so that only primitives need gradients. Non-goals: choosing better forms (`stable_forms`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY
from treadle.passes.bodies import apply_rules, table


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
    return apply_rules(graph, table((_COMPOSITES, _decomposed)))


def _decomposed(g: Builder, node: Node) -> Node | None:
    return _PrimitiveBuilder(g).apply(node.op, *node.inputs, **node.attrs)


_COMPOSITES = [op.name for op in REGISTRY if op.decompose is not None]
