"""Rules: what has no elements needs no computation, and what is made of nothing is known.

Sums and products over nothing are 0, of factors 1; the largest of nothing is -inf. So lowering and kernels
never meet an op without elements. Input: nodes with known sizes. Non-goals: leaves, loops.
"""

from __future__ import annotations

import math

from treadle.ir import Builder, Node
from treadle.ops import REGISTRY
from treadle.passes.bodies import RuleTable, table
from treadle.passes.patterns import Number, filled

_OF_NOTHING: dict[str, Number] = {"sum": 0, "prod": 1, "max": -math.inf, "min": math.inf}
_ADDING = ("fold_windows", "scatter_add", "scatter_add_along")
_PRODUCTS = ("matmul", "conv", "conv_input_grad", "conv_filter_grad")


def no_elements(g: Builder, node: Node) -> Node | None:
    """A result without elements is a constant of its type."""
    return filled(g, 0, node.type) if 0 in node.type.shape else None


def reduction_of_nothing(g: Builder, node: Node) -> Node | None:
    """A reduction of no elements gives its neutral element; only floats have infinite ones."""
    value = _OF_NOTHING[node.op]
    known = node.type.dtype.is_float or math.isfinite(value)
    return filled(g, value, node.type) if 0 in node.inputs[0].type.shape and known else None


def sum_of_nothing(g: Builder, node: Node) -> Node | None:
    """Adding up no elements at their places gives zeros."""
    return filled(g, 0, node.type) if 0 in node.inputs[0].type.shape else None


def product_of_nothing(g: Builder, node: Node) -> Node | None:
    """A sum of products over an axis of size 0 is 0."""
    empty = any(0 in operand.type.shape for operand in node.inputs)
    return filled(g, 0, node.type) if empty else None


def parts_of_nothing(g: Builder, node: Node) -> Node | None:
    """Parts without elements add nothing to a concatenation."""
    parts = [part for part in node.inputs if 0 not in part.type.shape]
    if len(parts) == len(node.inputs) or not parts:
        return None
    return parts[0] if len(parts) == 1 else g.concat(*parts, axis=node.attrs["axis"])


_COMPUTING = [op.name for op in REGISTRY if op.reference is not None and "leaf" not in op.traits]

EMPTY_RULES: RuleTable = table(
    (_COMPUTING, no_elements),
    (tuple(_OF_NOTHING), reduction_of_nothing),
    (_ADDING, sum_of_nothing),
    (_PRODUCTS, product_of_nothing),
    ("concat", parts_of_nothing),
)
