"""Rules on broadcasting: elementwise ops broadcast by themselves, so explicit broadcasts before them go.

Part of the `canonicalise` pass. Input: elementwise nodes and reductions. Non-goals: making broadcasts.
"""

from __future__ import annotations

from treadle.ir import Builder, Node
from treadle.ops import REGISTRY
from treadle.passes.bodies import table
from treadle.passes.patterns import all_axes_but, broadcast, broadcast_shape, reshaped, scalar, uniform
from treadle.passes.views import adds_leading_ones, reduced_shape
from treadle.types.tensor import shape_size


def drop_broadcasts(g: Builder, node: Node) -> Node | None:
    """f(broadcast(x), y) = f(x, y), and f(broadcast(x), broadcast(y)) = broadcast(f(x, y))."""
    operands = [_before_broadcast(g, operand) for operand in node.inputs]
    if all(new is old for new, old in zip(operands, node.inputs, strict=True)):
        return None
    shape = broadcast_shape(*(operand.type.shape for operand in operands))
    if shape is None:
        return None
    return broadcast(g, g.apply(node.op, *operands, **node.attrs), node.type.shape)


def sum_of_broadcast(g: Builder, node: Node) -> Node | None:
    """sum(broadcast(x)) = sum(x) * number of copies."""
    source = node.inputs[0]
    if source.op != "broadcast_to":
        return None
    inner = source.inputs[0]
    rank, lead = source.type.rank, source.type.rank - inner.type.rank
    padded = (1,) * lead + inner.type.shape
    copied = [axis for axis in node.attrs["axes"] if padded[axis] == 1 != source.type.shape[axis]]
    if not copied:
        return None
    copies = shape_size(tuple(source.type.shape[axis] for axis in copied))
    kept = all_axes_but(rank, tuple(copied))
    smaller = tuple(source.type.shape[axis] if axis in kept else 1 for axis in range(rank))
    total = g.sum(broadcast(g, reshaped(g, inner, padded), smaller), axes=node.attrs["axes"], keepdims=True)
    scaled = g.mul(total, g.const(value=copies, dtype=node.type.dtype, shape=()))
    return reshaped(g, scaled, node.type.shape)


def extreme_of_broadcast(g: Builder, node: Node) -> Node | None:
    """max(broadcast(x)) over copied axes only is x."""
    source = node.inputs[0]
    if source.op != "broadcast_to":
        return None
    inner, axes = source.inputs[0], node.attrs["axes"]
    padded = (1,) * (source.type.rank - inner.type.rank) + inner.type.shape
    if any(padded[axis] != 1 for axis in axes):
        return None
    shape = reduced_shape(source.type.shape, axes, keepdims=True)
    return reshaped(g, broadcast(g, reshaped(g, inner, padded), shape), node.type.shape)


def _before_broadcast(g: Builder, operand: Node) -> Node:
    value = uniform(operand)
    if value is not None and operand.type.rank:
        return scalar(g, value, operand.type.dtype)
    while operand.op == "broadcast_to" or adds_leading_ones(operand):
        operand = operand.inputs[0]
    return operand


BROADCAST_RULES = table(
    ([op.name for op in REGISTRY if op.is_elementwise], drop_broadcasts),
    ("sum", sum_of_broadcast),
    (("max", "min"), extreme_of_broadcast),
)
