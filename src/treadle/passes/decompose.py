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
    """The graph with composites replaced, to any depth; those with a gradient of their own once it is
    taken."""
    return apply_rules(graph, _UNTIL_GRADIENTS if _has_gradients(graph) else _ALWAYS)


def _has_gradients(graph: Graph) -> bool:
    """Whether a `grad` node is left, in the graph or in a body."""
    return any(
        node.op == "grad" or (node.op == "scan" and _has_gradients(node.attrs["body"])) for node in graph
    )


def _decomposed(g: Builder, node: Node) -> Node | None:
    return _PrimitiveBuilder(g).apply(node.op, *node.inputs, **node.attrs)


_COMPOSITES = [op for op in REGISTRY if op.decompose is not None]
_ALWAYS = table(([op.name for op in _COMPOSITES], _decomposed))
_UNTIL_GRADIENTS = table(([op.name for op in _COMPOSITES if "own gradient" not in op.traits], _decomposed))
