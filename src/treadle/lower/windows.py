"""Element rules of sliding windows, and of their adjoint where windows touch without overlap."""

from __future__ import annotations

from treadle.ir import Node
from treadle.loops import Expr
from treadle.loops.scalar import literal
from treadle.lower.access import guarded_value, within
from treadle.lower.emitter import Emitter, Indices, rule


@rule("windows")
def _windows(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    source = list(indices[: node.inputs[0].type.rank])
    taps = indices[len(source) :]
    for tap, axis, stride, dilation in zip(
        taps, node.attrs["axes"], node.attrs["strides"], node.attrs["dilations"], strict=True
    ):
        source[axis] = source[axis].times(stride).plus(tap, dilation)
    return emitter.value(node.inputs[0], tuple(source))


@rule("fold_windows")
def _fold_windows(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    """Windows that touch without overlap: each element belongs to one window or to none."""
    (y,) = node.inputs
    counts = y.type.static_shape()
    outer, taps = list(indices), []
    for axis, size in zip(node.attrs["axes"], node.attrs["sizes"], strict=True):
        outer[axis], tap = emitter.divide(indices[axis], size)
        taps.append(tap)
    source = (*outer, *taps)
    return guarded_value(emitter, within(emitter, source, counts), y, source, literal(0, node.type.dtype))


def folds_without_overlap(node: Node) -> bool:
    """Whether the windows of a `fold_windows` neither overlap nor leave gaps between them."""
    attrs = node.attrs
    return attrs["sizes"] == attrs["strides"] and all(d == 1 for d in attrs["dilations"])
