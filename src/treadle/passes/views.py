# ruff: noqa: ARG001 - all rules have one signature
"""Rules on views (reshape, transpose, slice, flip, pad, concat, broadcast_to): trivial ones go, chains become
one.

Part of the `canonicalise` pass. Non-goals: moving views past other ops (`transpose_elimination`).
"""

from __future__ import annotations

from treadle.ir import Builder, Node
from treadle.passes.bodies import table
from treadle.passes.patterns import all_axes_but, reshaped
from treadle.types import DimLike, Shape


def trivial_view(g: Builder, node: Node) -> Node | None:
    """A view that changes nothing: reshape or broadcast to the same shape, slice of everything, pad by
    nothing.
    """
    if node.op == "concat":
        return node.inputs[0] if len(node.inputs) == 1 else None
    source = node.inputs[0]
    same_shape = source.type.shape == node.type.shape
    if node.op == "transpose":
        return source if node.attrs["perm"] == tuple(range(source.type.rank)) else None
    if node.op == "flip":
        return source if all(source.type.shape[axis] == 1 for axis in node.attrs["axes"]) else None
    return source if same_shape else None


def merge_reshapes(g: Builder, node: Node) -> Node | None:
    """reshape(reshape(x)) = reshape(x)."""
    if node.inputs[0].op != "reshape":
        return None
    return reshaped(g, node.inputs[0].inputs[0], node.attrs["shape"])


def merge_transposes(g: Builder, node: Node) -> Node | None:
    """transpose(transpose(x)) = transpose(x)."""
    inner = node.inputs[0]
    if inner.op != "transpose":
        return None
    perm = tuple(inner.attrs["perm"][axis] for axis in node.attrs["perm"])
    return g.transpose(inner.inputs[0], perm=perm)


def transpose_of_unit_axes(g: Builder, node: Node) -> Node | None:
    """A transpose that only moves axes of size 1 is a reshape."""
    shape = node.inputs[0].type.shape
    moved = [axis for axis in node.attrs["perm"] if shape[axis] != 1]
    return reshaped(g, node.inputs[0], node.type.shape) if moved == sorted(moved) else None


def merge_slices(g: Builder, node: Node) -> Node | None:
    """slice(slice(x)) = slice(x)."""
    inner = node.inputs[0]
    if inner.op != "slice" or 0 in node.type.shape:
        return None
    first = list(zip(inner.attrs["starts"], inner.attrs["steps"], strict=True))
    second = list(zip(node.attrs["starts"], node.attrs["stops"], node.attrs["steps"], strict=True))
    pairs = list(zip(first, second, strict=True))
    merged = g.slice(
        inner.inputs[0],
        starts=tuple(start + step * begin for (start, step), (begin, _, _) in pairs),
        stops=tuple(start + step * (end - 1) + 1 for (start, step), (_, end, _) in pairs),
        steps=tuple(step * stride for (_, step), (_, _, stride) in pairs),
    )
    return merged if merged.type == node.type else None


def slice_of_concat(g: Builder, node: Node) -> Node | None:
    """A slice that lies in one operand of a concat is a slice of that operand."""
    joined = node.inputs[0]
    if joined.op != "concat":
        return None
    axis = joined.attrs["axis"]
    start, stop = node.attrs["starts"][axis], node.attrs["stops"][axis]
    offset: DimLike = 0
    for part in joined.inputs:
        size = part.type.shape[axis]
        if _at_most(offset, start) and _at_most(stop, offset + size):
            starts = _replaced(node.attrs["starts"], axis, start - offset)
            stops = _replaced(node.attrs["stops"], axis, stop - offset)
            return g.slice(part, starts=starts, stops=stops, steps=node.attrs["steps"])
        offset = offset + size
    return None


def concat_of_slices(g: Builder, node: Node) -> Node | None:
    """concat(x[:k], x[k:]) = x."""
    source = node.inputs[0].inputs[0] if node.inputs[0].op == "slice" else None
    if source is None or source.type != node.type:
        return None
    axis = node.attrs["axis"]
    position: DimLike = 0
    for part in node.inputs:
        if part.op != "slice" or part.inputs[0] is not source or part.attrs["starts"][axis] != position:
            return None
        if any(step != 1 for step in part.attrs["steps"]):
            return None
        position = position + part.type.shape[axis]
    return source


def merge_concats(g: Builder, node: Node) -> Node | None:
    """concat(concat(a, b), c) = concat(a, b, c)."""
    axis = node.attrs["axis"]
    nested = [part.op == "concat" and part.attrs["axis"] == axis for part in node.inputs]
    if not any(nested):
        return None
    parts = [(part.inputs if inner else (part,)) for part, inner in zip(node.inputs, nested, strict=True)]
    return g.concat(*(part for group in parts for part in group), axis=axis)


def merge_flips(g: Builder, node: Node) -> Node | None:
    """flip(flip(x)) flips the axes that only one of them flips."""
    if node.inputs[0].op != "flip":
        return None
    inner, outer = set(node.inputs[0].attrs["axes"]), set(node.attrs["axes"])
    return g.flip(node.inputs[0].inputs[0], axes=tuple(sorted(inner ^ outer)))


def merge_pads(g: Builder, node: Node) -> Node | None:
    """pad(pad(x)) with the same value is one pad."""
    inner = node.inputs[0]
    if inner.op != "pad" or inner.attrs["value"] != node.attrs["value"]:
        return None
    low = tuple(a + b for a, b in zip(inner.attrs["low"], node.attrs["low"], strict=True))
    high = tuple(a + b for a, b in zip(inner.attrs["high"], node.attrs["high"], strict=True))
    return g.pad(inner.inputs[0], low=low, high=high, value=node.attrs["value"])


def merge_broadcasts(g: Builder, node: Node) -> Node | None:
    """broadcast_to(broadcast_to(x)) = broadcast_to(x); leading axes of size 1 need no reshape first."""
    source = node.inputs[0]
    if source.op == "broadcast_to" or adds_leading_ones(source):
        return g.broadcast_to(source.inputs[0], shape=node.attrs["shape"])
    return None


def adds_leading_ones(node: Node) -> bool:
    """Whether the node is a reshape that only puts axes of size 1 in front, as broadcasting does itself."""
    if node.op != "reshape":
        return False
    before, after = node.inputs[0].type.shape, node.type.shape
    return len(after) > len(before) and after == (1,) * (len(after) - len(before)) + before


def reduction_of_unit_axes(g: Builder, node: Node) -> Node | None:
    """A reduction over axes of size 1, or over none, is a reshape."""
    source = node.inputs[0]
    if (
        any(source.type.shape[axis] != 1 for axis in node.attrs["axes"])
        or source.type.dtype != node.type.dtype
    ):
        return None
    return reshaped(g, source, node.type.shape)


def reshape_of_reduction(g: Builder, node: Node) -> Node | None:
    """A reshape that only adds or drops the reduced axes is the reduction with the other `keepdims`."""
    reduction = node.inputs[0]
    if reduction.op not in {"sum", "max", "min", "prod"}:
        return None
    axes, keepdims = reduction.attrs["axes"], reduction.attrs["keepdims"]
    source = reduction.inputs[0].type.shape
    other = reduced_shape(source, axes, not keepdims)
    if node.type.shape != other:
        return None
    return g.apply(reduction.op, reduction.inputs[0], axes=axes, keepdims=not keepdims)


def reduced_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape of a reduction's result."""
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(shape[axis] for axis in all_axes_but(len(shape), axes))


def _at_most(left: DimLike, right: DimLike) -> bool:
    difference = right - left
    return isinstance(difference, int) and difference >= 0


def _replaced(values: tuple[DimLike, ...], position: int, value: DimLike) -> tuple[DimLike, ...]:
    return (*values[:position], value, *values[position + 1 :])


VIEWS = ("reshape", "transpose", "slice", "flip", "pad", "concat", "broadcast_to")

VIEW_RULES = table(
    (VIEWS, trivial_view),
    ("reshape", merge_reshapes),
    ("reshape", reshape_of_reduction),
    ("transpose", merge_transposes),
    ("transpose", transpose_of_unit_axes),
    ("slice", merge_slices),
    ("slice", slice_of_concat),
    ("concat", merge_concats),
    ("concat", concat_of_slices),
    ("flip", merge_flips),
    ("pad", merge_pads),
    ("broadcast_to", merge_broadcasts),
    (("sum", "max", "min", "prod"), reduction_of_unit_axes),
)
