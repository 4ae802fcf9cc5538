"""Reading and writing at computed positions; positions of the largest elements."""

from __future__ import annotations

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import Results, operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Array, Value, has_sizes, known_value, literal
from treadle.types import DimLike, DType
from treadle.types.tensor import shape_size

_COMBINE = {"none": None, "add": "sum", "mul": "prod", "max": "max", "min": "min"}


def positions(node: Node, index: int, size: DimLike) -> Term:
    """Positions along an axis; ONNX counts negative ones from the end."""
    if node.is_known(index) and not has_sizes(node.known(index)) and isinstance(size, int):
        return literal(_counted(node.known(index), size), DType.I64)
    return node[index] % size


def _counted(ids: Array, size: int) -> Array:
    return np.where(ids < 0, ids + size, ids).astype(np.int64)


@operator("Gather")
def gather(node: Node) -> Term:
    """The elements at positions along an axis."""
    axis = node.int("axis", 0) % node.rank(0)
    size = node.shape(0)[axis]
    if node.is_known(1) and node.rank(1) == 0:
        place = node.sizes(1)[0]
        return node[0][(*[slice(None)] * axis, place)]
    return call("take", node[0], positions(node, 1, size), axis=axis or None)


@operator("GatherElements")
def gather_elements(node: Node) -> Term:
    """For each position the element there along an axis; the other axes go together."""
    axis = node.int("axis", 0) % node.rank(0)
    cut = [
        slice(None) if k == axis or a == b else slice(None, b)
        for k, (a, b) in enumerate(zip(node.shape(0), node.shape(1), strict=True))
    ]
    x = node[0] if all(part == slice(None) for part in cut) else node[0][tuple(cut)]
    return call("take_along", x, positions(node, 1, node.shape(0)[axis]), axis)


@operator("GatherND")
def gather_nd(node: Node) -> Term:
    """The elements at points: the last axis of the positions holds the places along several axes."""
    batch = node.int("batch_dims", 0)
    count = node.shape(1)[-1]
    if not isinstance(count, int):
        node.refuse("the number of places of a point is not fixed")
    before = [_batch_positions(node, axis, node.rank(1) - 1) for axis in range(batch)]
    places = [node[1][(..., k)] % node.shape(0)[batch + k] for k in range(count)]
    return call("at_points", node[0], before + places)


def _batch_positions(node: Node, axis: int, rank: int) -> Term:
    size = node.shape(0)[axis]
    return call("reshape", call("positions", size), [size if k == axis else 1 for k in range(rank)])


def scatter(node: Node) -> Term:
    """x with values sent to positions along an axis; the other axes go together."""
    axis = node.int("axis", 0)
    ids = positions(node, 1, node.shape(0)[axis])
    return call("scatter", node[0], ids, node[2], axis, combine=_combine(node))


def _combine(node: Node) -> str | None:
    how = node.text("reduction", "none")
    return _COMBINE[how] if how in _COMBINE else node.refuse(f"reduction {how}")


operator("Scatter")(scatter)
operator("ScatterElements")(scatter)


@operator("ScatterND")
def scatter_nd(node: Node) -> Term:
    """x with values sent to points, of which the last axis of the positions holds the places."""
    shape, count = node.shape(0), node.shape(1)[-1]
    if not isinstance(count, int):
        node.refuse("the number of places of a point is not fixed")
    place = node[1][..., 0] % shape[0]
    for k in range(1, count):
        place = place * shape[k] + node[1][(..., k)] % shape[k]
    rest = list(shape[count:])
    number = shape_size(node.shape(1)[:-1])
    rows = call("reshape", node[0], [shape_size(shape[:count]), *rest])
    sent = call("reshape", node[2], [number, *rest])
    ids = call("reshape", place, [number])
    return call("reshape", call("put", rows, ids, sent, combine=_combine(node)), list(shape))


@operator("OneHot")
def one_hot(node: Node) -> Term:
    """A new axis with one value at the position that an element names, and another elsewhere."""
    depth = int(node.number(1))
    rank = node.rank(0) + 1
    axis = node.int("axis", -1) % rank
    ids = node[0] if node.dtype(0) is DType.I64 else call("cast", node[0], DType.I64)
    ids = node.let(call("expand_dims", ids, axis), "ids")
    places = call("reshape", call("positions", depth), [depth if k == axis else 1 for k in range(rank)])
    hit = call("where", ids < 0, ids + depth, ids).equals(places)
    return call("where", hit, node[2][1], node[2][0])


@operator("TopK")
def top_k_attribute(node: Node) -> Results:
    """The k largest elements along an axis, and where they are."""
    return node.unpack(call("largest", node[0], node.int("k"), axis=node.int("axis", -1)), 2)


@operator("TopK", since=10)
def top_k(node: Node) -> Results:
    """The k largest or smallest elements along an axis, and where they are."""
    function = "largest" if node.flag("largest", True) else "smallest"
    return node.unpack(call(function, node[0], int(node.number(1)), axis=node.int("axis", -1)), 2)


@operator("Compress")
def compress(node: Node) -> Term:
    """The elements whose condition holds, which must be known."""
    ids = np.nonzero(np.array(node.numbers(1), bool))[0]
    axis = node.int("axis", None)
    x = node[0] if axis is not None else call("reshape", node[0], [-1])
    return call("take", x, literal(ids, DType.I64), axis=axis)


@operator("ArrayFeatureExtractor", domain="ai.onnx.ml")
def array_feature_extractor(node: Node) -> Term:
    """The elements at positions along the last axis."""
    return call("take", node[0], call("reshape", node[1], [-1]), axis=-1)


@operator("Binarizer", domain="ai.onnx.ml")
def binarizer(node: Node) -> Term:
    """1 above a threshold, 0 elsewhere."""
    return call("cast", node[0] > node.float("threshold", 0.0), node.dtype(0))


@operator("NonZero")
def nonzero(node: Node) -> Value:
    """The places of elements other than 0, of a tensor whose elements are known."""
    return known_value(np.array(np.nonzero(node.known(0)), np.int64), DType.I64)
