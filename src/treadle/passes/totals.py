"""Sums over the steps of a scan: what a carry that only gathers ends with, computed in one go.

Input: a batcher and the body node that is gathered. Output: an outer node, the sum of it over all steps. A
sum of matrix products is one product with a longer inner dimension. Non-goals: deciding what leaves a scan
(`sink_plan`).
"""

from __future__ import annotations

from collections.abc import Callable

from treadle.ir import Builder, Node, copy_node
from treadle.passes.batching import Batcher
from treadle.passes.flatten_matmul import contract_stack
from treadle.passes.patterns import reshaped
from treadle.types.tensor import shape_size

LINEAR = frozenset({"neg", "add", "sub", "transpose", "reshape"})  # the sum of these is these of the sum


def total(batch: Batcher, node: Node) -> Node:
    """The sum of a body node over all steps."""
    rule = _RULES.get(node.op)
    if rule is not None:
        result = rule(batch, node)
        if result is not None:
            return result
    outer = batch.evaluate(node)
    if outer.stacked:
        return batch.g.sum(outer.node, axes=(0,), keepdims=False)
    length = batch.g.const(value=batch.length, dtype=node.type.dtype, shape=())
    return batch.g.mul(outer.node, length)


def gathers(node: Node) -> bool:
    """Whether the sum over steps can be had without stacking the node itself: only what it is made of."""
    if node.op in LINEAR:
        return all(gathers(operand) for operand in node.inputs)
    return multiplies(node) or node.op == "sum"


def multiplies(node: Node) -> bool:
    """Whether the sum over steps is one large product (or scatter) instead of many small ones."""
    if node.op in LINEAR:
        return all(gathers(x) for x in node.inputs) and any(multiplies(x) for x in node.inputs)
    if node.op == "matmul":
        return all(operand.type.rank == 2 for operand in node.inputs)
    return node.op == "conv_filter_grad" or (node.op == "scatter_add" and node.attrs["axis"] == 0)


def _linear(batch: Batcher, node: Node) -> Node | None:
    """Ops that can as well be done on the sum."""
    if batch.knows(node):
        return None
    return copy_node(batch.g, node, tuple(total(batch, operand) for operand in node.inputs))


def _matmul(batch: Batcher, node: Node) -> Node | None:
    a, b = (batch.evaluate(operand) for operand in node.inputs)
    if not a.stacked:
        return batch.g.matmul(a.node, total(batch, node.inputs[1]))
    if not b.stacked:
        return batch.g.matmul(total(batch, node.inputs[0]), b.node)
    if any(operand.type.rank != 2 for operand in node.inputs):
        return None
    return contract_stack(batch.g, a.node, b.node)


def _sum(batch: Batcher, node: Node) -> Node | None:
    outer = batch.evaluate(node.inputs[0])
    if not outer.stacked:
        return None
    axes = (0, *(axis + 1 for axis in node.attrs["axes"]))
    return reshaped(batch.g, batch.g.sum(outer.node, axes=axes, keepdims=False), node.type.shape)


def _scatter_add(batch: Batcher, node: Node) -> Node | None:
    updates, indices = (batch.stacked(operand) for operand in node.inputs)
    if node.attrs["axis"] != 0:
        return None
    rank = node.inputs[1].type.rank
    flat = reshaped(batch.g, indices, (shape_size(indices.type.shape),))
    rows = reshaped(batch.g, updates, (flat.type.shape[0], *updates.type.shape[rank + 1 :]))
    return copy_node(batch.g, node, (rows, flat))


def _conv_filter_grad(batch: Batcher, node: Node) -> Node | None:
    images, grads = (_merged(batch.g, batch.stacked(operand)) for operand in node.inputs)
    return copy_node(batch.g, node, (images, grads))


def _merged(g: Builder, node: Node) -> Node:
    """The first two axes as one."""
    shape = node.type.shape
    return reshaped(g, node, (shape_size(shape[:2]), *shape[2:]))


_RULES: dict[str, Callable[[Batcher, Node], Node | None]] = {
    **dict.fromkeys(LINEAR, _linear),
    "matmul": _matmul,
    "sum": _sum,
    "scatter_add": _scatter_add,
    "conv_filter_grad": _conv_filter_grad,
}
