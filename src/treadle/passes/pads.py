"""Rule on sums of padded parts: the gradient of splitting a tensor is joining the parts' gradients.

Part of the `canonicalise` pass. Input: sums of `pad` nodes. Non-goals: parts that overlap.
"""

from __future__ import annotations

from typing import NamedTuple

from treadle.ir import Builder, Node
from treadle.passes.bodies import table
from treadle.types import DimLike

_MOST_PARTS = 256


class _Part(NamedTuple):
    source: Node
    axis: int
    start: DimLike
    stop: DimLike


def sum_of_pads(g: Builder, node: Node) -> Node | None:
    """pad(a) + pad(b) = concat(a, b), padded where they leave something out, if b begins where a ends."""
    parts = _parts(node)
    if parts is None or len({part.axis for part in parts}) != 1:
        return None
    ordered = _chain(parts)
    if ordered is None:
        return None
    axis, size = ordered[0].axis, node.type.shape
    joined = g.concat(*(part.source for part in ordered), axis=axis)
    low = tuple(ordered[0].start if i == axis else 0 for i in range(len(size)))
    high = tuple(size[axis] - ordered[-1].stop if i == axis else 0 for i in range(len(size)))
    return g.pad(joined, low=low, high=high, value=0.0) if any((*low, *high)) else joined


def _parts(node: Node) -> list[_Part] | None:
    """The parts that a tree of sums adds up; None if some operand is none."""
    parts: list[_Part] = []
    stack = list(node.inputs)
    while stack:
        operand = stack.pop()
        if operand.op == "add":
            stack.extend(operand.inputs)
            continue
        part = _part(operand)
        if part is None or operand.type != node.type or len(parts) == _MOST_PARTS:
            return None
        parts.append(part)
    return parts


def _part(node: Node) -> _Part | None:
    if node.op != "pad" or node.attrs["value"] != 0:
        return None
    widths = list(zip(node.attrs["low"], node.attrs["high"], strict=True))
    padded = [axis for axis, width in enumerate(widths) if width != (0, 0)]
    if len(padded) != 1:
        return None
    axis = padded[0]
    start = widths[axis][0]
    return _Part(node.inputs[0], axis, start, start + node.inputs[0].type.shape[axis])


def _chain(parts: list[_Part]) -> list[_Part] | None:
    """The parts in order, each beginning where the one before ends; None if there is no such order."""
    by_start = {part.start: part for part in parts}
    stops = {part.stop for part in parts}
    first = [part for part in parts if part.start not in stops]
    if len(by_start) != len(parts) or len(first) != 1:
        return None
    ordered = [first[0]]
    while ordered[-1].stop in by_start and len(ordered) < len(parts):
        ordered.append(by_start[ordered[-1].stop])
    return ordered if len(ordered) == len(parts) else None


PAD_RULES = table(("add", sum_of_pads))
