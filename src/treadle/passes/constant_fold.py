"""Pass: what is known at compile time is computed at compile time.

Elementwise ops, views and reductions of constants become constants. Uniform constants fold at any size,
symbolic ones too; tables fold while they have at most `LARGEST` elements, so that folding never makes a graph
big. Non-goals: constants in the middle of other operands (`algebra`), random draws.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY
from treadle.ops.halves import rounded, widened
from treadle.passes.bodies import RuleTable, apply_rules, merge_tables, table
from treadle.passes.empties import EMPTY_RULES
from treadle.passes.patterns import filled, is_static, uniform
from treadle.passes.views import VIEWS

LARGEST = 4096


def run(graph: Graph) -> Graph:
    """The graph with constant computations done."""
    return apply_rules(graph, RULES)


def fold_uniform(g: Builder, node: Node) -> Node | None:
    """An elementwise op of uniform constants is a uniform constant."""
    values = [uniform(operand) for operand in node.inputs]
    if any(value is None for value in values):
        return None
    arrays = [_array(value, operand) for value, operand in zip(values, node.inputs, strict=True)]
    return filled(g, _evaluate(node, arrays).item(), node.type)


def fold_view(g: Builder, node: Node) -> Node | None:
    """A view of a uniform constant is a uniform constant."""
    values = {uniform(operand) for operand in node.inputs}
    if node.op == "pad":
        values.add(node.attrs["value"])
    value = values.pop()
    return None if values or value is None else filled(g, value, node.type)


def fold_extreme(g: Builder, node: Node) -> Node | None:
    """The maximum or minimum of a uniform constant is its number."""
    value = uniform(node.inputs[0])
    return None if value is None else filled(g, value, node.type)


def fold_sum(g: Builder, node: Node) -> Node | None:
    """The sum of a uniform constant is a product."""
    value = uniform(node.inputs[0])
    sizes = tuple(node.inputs[0].type.shape[axis] for axis in node.attrs["axes"])
    if value is None or not is_static(sizes):
        return None
    total = value * math.prod(sizes)
    return filled(g, rounded(total, node.type.dtype).item() if node.type.dtype.is_half else total, node.type)


def fold_table(g: Builder, node: Node) -> Node | None:
    """Any foldable op of small tables is a small table."""
    if not any(operand.op == "table" for operand in node.inputs):
        return None
    operands = [_contents(operand) for operand in node.inputs]
    if any(operand is None for operand in operands) or not _is_small(node):
        return None
    result = _evaluate(node, operands)
    values = tuple(result.ravel().tolist())
    if values and all(value == values[0] for value in values):
        return filled(g, values[0], node.type)
    return g.table(values=values, dtype=node.type.dtype, shape=node.type.shape)


def _evaluate(node: Node, arrays: list[Any]) -> Any:
    reference = REGISTRY[node.op].reference
    if reference is None:
        raise TypeError(f"op {node.op} has no reference")
    with np.errstate(all="ignore"):
        return rounded(reference(*map(widened, arrays), **node.attrs), node.type.dtype)


def _contents(node: Node) -> Any:
    if (node.op != "table" and uniform(node) is None) or not _is_small(node):
        return None
    shape = node.type.static_shape()
    if node.op != "table":
        return np.broadcast_to(_array(uniform(node), node), shape)
    return rounded(node.attrs["values"], node.type.dtype).reshape(shape)


def _array(value: Any, like: Node) -> Any:
    return rounded(value, like.type.dtype)


def _is_small(node: Node) -> bool:
    return is_static(node.type.shape) and math.prod(node.type.shape) <= LARGEST


_ELEMENTWISE = [op.name for op in REGISTRY if op.is_elementwise]
_REDUCTIONS = ("sum", "max", "min", "prod", "argmax", "argmin", "cumsum")

RULES: RuleTable = merge_tables(
    EMPTY_RULES,
    table(
        (_ELEMENTWISE, fold_uniform),
        (VIEWS, fold_view),
        (("max", "min"), fold_extreme),
        ("sum", fold_sum),
        ((*_ELEMENTWISE, *VIEWS, *_REDUCTIONS, "take"), fold_table),
    ),
)
