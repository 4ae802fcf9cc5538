"""Operators that cut tensors and make them longer: slices, parts, padding, triangles."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import Results, operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DimLike

_FAR = 2**31 - 2  # ONNX says `to the end` by a number about as large as an integer can be
_MOST_EDGES = 4096  # elements of padding that is no constant: each is looked up by a number of its own
_EVERYTHING = slice(None)


@operator("Slice")
def slice_attributes(node: Node) -> Term:
    """Parts of axes, by attributes."""
    starts, stops = node.ints("starts"), node.ints("ends")
    axes = node.ints("axes", None) or list(range(len(starts)))
    return sliced(node, starts, stops, axes, [1] * len(axes))


@operator("Slice", since=10)
def slice_operands(node: Node) -> Term:
    """Parts of axes, by operands."""
    starts, stops = node.sizes(1), node.sizes(2)
    axes = node.numbers(3) if node.has(3) else list(range(len(starts)))
    steps = node.numbers(4) if node.has(4) else [1] * len(starts)
    return sliced(node, starts, stops, axes, steps)


def sliced(
    node: Node,
    starts: Sequence[DimLike],
    stops: Sequence[DimLike],
    axes: Sequence[int],
    steps: Sequence[int],
) -> Term:
    """The part of each axis from `start` to below `stop`, in steps, which may be negative."""
    parts = [_EVERYTHING] * node.rank(0)
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        parts[axis] = _part(start, stop, step, node.shape(0)[axis])
    while parts and parts[-1] == _EVERYTHING:
        parts.pop()
    return node[0][tuple(parts)] if parts else node[0]


def _part(start: DimLike, stop: DimLike, step: int, size: DimLike) -> slice:
    """A slice without defaults and without bounds beyond the axis, as far as its size is known."""
    if not (isinstance(start, int) and isinstance(stop, int)):
        return slice(None if start == 0 else start, None if stop == size else stop, _step(step))
    if isinstance(size, int):
        return _clamped(range(size)[start:stop:step])
    if step > 0:
        return slice(start or None, None if stop >= _FAR else stop, _step(step))
    return slice(None if start >= _FAR or start == -1 else start, None if stop <= -_FAR else stop, step)


def _clamped(places: range) -> slice:
    """The slice that takes these places."""
    if not places:
        return slice(0, 0)
    stop = places[-1] + (1 if places.step > 0 else -1)
    return slice(
        places[0] or None if places.step > 0 else places[0], stop if stop >= 0 else None, _step(places.step)
    )


def _step(step: int) -> int | None:
    return None if step == 1 else step


@operator("Split")
def split(node: Node) -> Results:
    """Parts along an axis: of given sizes, or equal ones of which the last may be smaller."""
    axis, count = node.int("axis", 0), len(node.outputs)
    size = node.shape(0)[axis]
    sizes = node.sizes(1) if node.has(1) else node.ints("split", None)
    if sizes is not None and len(sizes) != count:
        node.refuse(f"{len(sizes)} sizes for {count} parts")
    if count == 1:
        return node[0]
    if sizes is None and isinstance(size, int) and size % count:
        width = -(-size // count)
        sizes = [max(0, min(width, size - number * width)) for number in range(count)]
    return node.unpack(call("split", node[0], count if sizes is None else sizes, axis=axis), count)


@operator("Pad")
def pad_attributes(node: Node) -> Term:
    """Longer axes, by attributes."""
    widths = node.ints("pads", None) or node.ints("paddings")
    return padded(node, list(widths), list(range(node.rank(0))), node.float("value", 0.0))


@operator("Pad", since=11)
def pad(node: Node) -> Term:
    """Longer axes, by operands."""
    rank = node.rank(0)
    axes = [int(axis) % rank for axis in node.numbers(3)] if node.has(3) else list(range(rank))
    widths = [int(width) for width in node.numbers(1)]
    if not node.has(2) or node.is_known(2):
        return padded(node, widths, axes, node.number(2) if node.has(2) else 0)
    inside = padded(node, widths, axes, 0, call("full", list(node.shape(0)), True))
    return call("where", inside, padded(node, widths, axes, 0), call("reshape", node[2], []))


def padded(node: Node, widths: list[int], axes: list[int], value: float, x: Term | None = None) -> Term:
    """Elements before and after axes: a number, the edge, or the tensor mirrored or repeated."""
    source, mode = x or node[0], node.text("mode", "constant")
    found = sorted((a, widths[k], widths[k + len(axes)]) for k, a in enumerate(axes))
    triples = [triple for triple in found if triple[1:] != (0, 0)]
    if not triples:
        return source
    along, low, high = ([*column] for column in zip(*triples, strict=True))
    if mode != "constant":
        name = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}.get(mode)
        if max(map(abs, (*low, *high))) > _MOST_EDGES:
            node.refuse(f"more than {_MOST_EDGES:,} elements beyond an edge")
        return call("pad_edges", source, low, high, along, name or node.refuse(f"mode {mode}"))
    cut = _cut(source, node.rank(0), triples)
    low, high = [max(width, 0) for width in low], [max(width, 0) for width in high]
    return call("pad", cut, low, None if low == high else high, axis=along, value=value or None)


def _cut(x: Term, rank: int, triples: list[tuple[int, int, int]]) -> Term:
    """Negative widths cut elements off."""
    parts = [_EVERYTHING] * rank
    for axis, low, high in triples:
        parts[axis] = slice(-low if low < 0 else None, high if high < 0 else None)
    return x if all(part == _EVERYTHING for part in parts) else x[tuple(parts)]


@operator("Trilu")
def trilu(node: Node) -> Term:
    """The upper or lower triangle of matrices, 0 elsewhere."""
    offset = int(node.number(1)) if node.has(1) else 0
    return call("triu" if node.flag("upper", True) else "tril", node[0], offset or None)


@operator("ReverseSequence")
def reverse_sequence(node: Node) -> Term:
    """The first elements of each sequence backwards, as many as its length says."""
    time, batch = node.int("time_axis", 0), node.int("batch_axis", 1)
    rank, shape = node.rank(0), node.shape(0)
    lengths = call("reshape", node[1], [shape[axis] if axis == batch else 1 for axis in range(rank)])
    places = call(
        "reshape",
        call("positions", shape[time]),
        [shape[axis] if axis == time else 1 for axis in range(rank)],
    )
    ids = node.let(call("where", places < lengths, lengths - 1 - places, places), "turned")
    return call("take_along", node[0], ids, time)
