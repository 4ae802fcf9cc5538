"""Evaluates nodes of a scan's body for all steps at once, in the graph around the scan.

Input: a scan, and outer nodes for what its body reads. Output: for a body node an outer node, either the same
in each step or stacked along a new first axis. Non-goals: deciding what is worth moving.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from treadle.ir import Builder, Node, copy_node
from treadle.ops.control import INDEX
from treadle.passes.patterns import broadcast, is_elementwise
from treadle.passes.scans import Scan, ScanDraft
from treadle.types import DimLike, DType
from treadle.types.tensor import shape_size


class Outer(NamedTuple):
    """An outer node that stands for a body node; `stacked` if its first axis runs over the steps."""

    node: Node
    stacked: bool


class Batcher:
    """Body nodes for all steps at once. `known` holds what is outside already, by the id of the body node."""

    def __init__(self, g: Builder, length: DimLike, known: Mapping[int, Outer]) -> None:
        self.g = g
        self.length = length
        self._known = dict(known)

    def knows(self, node: Node) -> bool:
        """Whether the node is outside already."""
        return node.id in self._known

    def add(self, node: Node, outer: Node) -> None:
        """States that `outer` is the body node, stacked."""
        self._known[node.id] = Outer(outer, stacked=True)

    def evaluate(self, node: Node) -> Outer:
        """The body node outside; `can_batch` must hold for it and for all that is not outside yet."""
        stack = [node]
        while stack:
            top = stack[-1]
            missing = [] if self.knows(top) else [x for x in top.inputs if not self.knows(x)]
            stack.extend(missing)
            if not missing:
                stack.pop()
                if not self.knows(top):
                    self._known[top.id] = self._apply(top)
        return self._known[node.id]

    def stacked(self, node: Node) -> Node:
        """The body node outside, with the axis of steps even if it is the same in each."""
        outer = self.evaluate(node)
        return outer.node if outer.stacked else self._repeat(outer.node)

    def _apply(self, node: Node) -> Outer:
        if node.op == "input":
            raise ValueError(f"{node!r} changes from step to step and is not known outside of the scan")
        operands = [self._known[operand.id] for operand in node.inputs]
        with self.g.at(node.span, node.scope):
            if not any(operand.stacked for operand in operands):
                return Outer(copy_node(self.g, node, tuple(o.node for o in operands)), stacked=False)
            rule = _rule(node)
            if rule is None:
                raise TypeError(f"{node.op} cannot be computed for all steps at once")
            return Outer(rule(self, node, operands), stacked=True)

    def _repeat(self, node: Node) -> Node:
        return broadcast(self.g, node, (self.length, *node.type.shape))


def outside(g: Builder, node: Node, scan: Scan, operands: tuple[Node, ...]) -> Batcher:
    """A batcher that knows the sequences, the constants and the index of a scan, but not its carries."""
    length = node.attrs["length"]
    outer = dict(zip((entry.id for entry in scan.entries), operands, strict=True))
    known = {entry.id: Outer(outer[entry.id], stacked=True) for entry in scan.sequences}
    known.update({entry.id: Outer(outer[entry.id], stacked=False) for entry in scan.constants})
    if scan.index is not None:
        known[scan.index.id] = Outer(g.iota(dtype=DType.I64, shape=(length,), axis=0), stacked=True)
    return Batcher(g, length, known)


def enter(draft: ScanDraft, batch: Batcher, node: Node) -> Node:
    """A node of the old body that is outside as an entry of the draft."""
    if node.op == "input" and node.attrs["name"] == INDEX:
        return draft.index(node)
    outer = batch.evaluate(node)
    return draft.sequence(outer.node) if outer.stacked else draft.constant(outer.node)


Rule = Callable[[Batcher, Node, list[Outer]], Node]


def can_batch(node: Node, stacked: set[int]) -> bool:
    """Whether a node can be computed for all steps at once; operands in `stacked` vary with the step."""
    if not any(operand.id in stacked for operand in node.inputs):
        return True
    if node.op in _ONLY_FIRST:
        return not any(operand.id in stacked for operand in node.inputs[1:])
    if node.op == "take":
        return sum(operand.id in stacked for operand in node.inputs) == 1
    return _rule(node) is not None


def _rule(node: Node) -> Rule | None:
    return _elementwise if is_elementwise(node) else _RULES.get(node.op)


def _aligned(batch: Batcher, operand: Outer, rank: int) -> Node:
    """A stacked operand with axes of size 1 after the first, so that it broadcasts at that rank."""
    if not operand.stacked or operand.node.type.rank == rank + 1:
        return operand.node
    shape = operand.node.type.shape
    return batch.g.reshape(operand.node, shape=(shape[0], *(1,) * (rank + 1 - len(shape)), *shape[1:]))


def _elementwise(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    aligned = [_aligned(batch, operand, node.type.rank) for operand in operands]
    return batch.g.apply(node.op, *aligned, **node.attrs)


def _matmul(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    a, b = operands
    if not b.stacked and b.node.type.rank == 2:
        rows = batch.g.reshape(a.node, shape=(shape_size(a.node.type.shape[:-1]), a.node.type.shape[-1]))
        return batch.g.reshape(batch.g.matmul(rows, b.node), shape=(batch.length, *node.type.shape))
    return batch.g.matmul(*(_aligned(batch, operand, node.type.rank) for operand in operands))


def _conv(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    images, weights = operands
    shape = images.node.type.shape
    flat = batch.g.reshape(images.node, shape=(shape_size(shape[:2]), *shape[2:]))
    result = batch.g.apply(node.op, flat, weights.node, **node.attrs)
    return batch.g.reshape(result, shape=(batch.length, *node.type.shape))


def _shape(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    """Ops with a `shape` that says what the result is."""
    source = operands[0].node
    if node.op == "broadcast_to":
        source = _aligned(batch, operands[0], node.type.rank)
    return copy_node(batch.g, node, (source,), shape=(batch.length, *node.type.shape))


def _transpose(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    return batch.g.transpose(operands[0].node, perm=(0, *(axis + 1 for axis in node.attrs["perm"])))


def _slice(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    attrs = node.attrs
    return batch.g.slice(
        operands[0].node,
        starts=(0, *attrs["starts"]),
        stops=(batch.length, *attrs["stops"]),
        steps=(1, *attrs["steps"]),
    )


def _pad(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    low, high = (0, *node.attrs["low"]), (0, *node.attrs["high"])
    return batch.g.pad(operands[0].node, low=low, high=high, value=node.attrs["value"])


def _axes(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    """Ops on one operand with `axes`: each is one further."""
    axes = tuple(axis + 1 for axis in node.attrs["axes"])
    return copy_node(batch.g, node, (operands[0].node,), axes=axes)


def _fold(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    axes = tuple(axis + 1 for axis in node.attrs["axes"])
    shape = (batch.length, *node.type.shape)
    return copy_node(batch.g, node, (operands[0].node,), axes=axes, shape=shape)


def _axis(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    """Ops with one `axis` whose other operands, if any, are the same in each step."""
    return copy_node(batch.g, node, tuple(o.node for o in operands), axis=node.attrs["axis"] + 1)


def _alike(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    """Ops with one `axis` whose operands must all have the axis of steps."""
    wide = tuple(
        operand.node
        if operand.stacked
        else broadcast(batch.g, operand.node, (batch.length, *operand.node.type.shape))
        for operand in operands
    )
    return copy_node(batch.g, node, wide, axis=node.attrs["axis"] + 1)


def _take(batch: Batcher, node: Node, operands: list[Outer]) -> Node:
    source, indices = operands
    axis: int = node.attrs["axis"]
    if source.stacked:
        return batch.g.take(source.node, indices.node, axis=axis + 1)
    taken = batch.g.take(source.node, indices.node, axis=axis)  # (before, T, indices, after)
    if axis == 0:
        return taken
    return batch.g.transpose(taken, perm=(axis, *range(axis), *range(axis + 1, taken.type.rank)))


_ONLY_FIRST = {"conv", "conv_input_grad", "scatter_add"}

_RULES: dict[str, Rule] = {
    "matmul": _matmul,
    "conv": _conv,
    "conv_input_grad": _conv,
    "reshape": _shape,
    "broadcast_to": _shape,
    "transpose": _transpose,
    "slice": _slice,
    "pad": _pad,
    "concat": _alike,
    "flip": _axes,
    "windows": _axes,
    "fold_windows": _fold,
    "sum": _axes,
    "max": _axes,
    "min": _axes,
    "prod": _axes,
    "argmax": _axis,
    "argmin": _axis,
    "cumsum": _axis,
    "take": _take,
    "scatter_add": _axis,
    "take_along": _alike,
    "scatter_add_along": _alike,
}
