"""Operators on shapes: other axes, joined and repeated tensors, constants."""

from __future__ import annotations

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Value, known_value, plain
from treadle.types import DimLike, DType
from treadle.types.tensor import Shape, shape_size


@operator("Constant")
def constant(node: Node) -> Value:
    """A value of the file."""
    if node.given("value"):
        value = node.importer.constant(node.attribute("value"))
        assert value.known is not None  # noqa: S101 - constants are
        return known_value(value.known, value.type.dtype)
    if node.given("value_int"):
        return known_value(np.array(node.int("value_int"), np.int64), DType.I64)
    if node.given("value_ints"):
        return known_value(np.array(node.ints("value_ints"), np.int64), DType.I64)
    if node.given("value_float"):
        return known_value(np.array(node.float("value_float"), np.float32), DType.F32)
    if node.given("value_floats"):
        return known_value(np.array(node.floats("value_floats"), np.float32), DType.F32)
    node.refuse("a constant that is neither a tensor nor numbers")


@operator("ConstantOfShape")
def constant_of_shape(node: Node) -> Term:
    """One number in a shape."""
    value = node.importer.constant(node.attribute("value")) if node.given("value") else None
    if value is None or value.known is None:
        return call("full", node.sizes(0), 0.0)
    dtype = value.type.dtype
    number = plain(value.known.reshape(-1)[0], dtype)
    return call("full", node.sizes(0), number, None if dtype is DType.F32 else dtype)


@operator("Identity")
def identity(node: Node) -> Value:
    """The operand itself."""
    return node.value(0)


@operator("Reshape")
def reshape_attribute(node: Node) -> Term:
    """Another shape, given by an attribute."""
    return _reshaped(node, list(node.ints("shape")))


@operator("Reshape", since=5)
def reshape(node: Node) -> Term:
    """Another shape, given by an operand."""
    return _reshaped(node, node.sizes(1))


def _reshaped(node: Node, wanted: list[DimLike]) -> Term:
    """In a shape, 0 keeps a size and -1 is worked out."""
    if not node.flag("allowzero"):
        wanted = [_kept(node, axis, size) for axis, size in enumerate(wanted)]
    return call("reshape", node[0], wanted)


def _kept(node: Node, axis: int, size: DimLike) -> DimLike:
    if size != 0:
        return size
    if axis >= node.rank(0):
        node.refuse(f"a shape keeps axis {axis} of {node.type(0)}")
    return node.shape(0)[axis]


@operator("Flatten")
def flatten(node: Node) -> Term:
    """Two axes: those before one, and the others."""
    axis, shape = node.int("axis", 1), node.shape(0)
    if axis == 1 and node.rank(0) >= 2:
        return call("flatten", node[0])
    place = axis % node.rank(0) if axis < 0 else axis
    return call("reshape", node[0], [shape_size(shape[:place]), shape_size(shape[place:])])


@operator("Transpose")
def transpose(node: Node) -> Term:
    """The axes in another order; without one, from the last to the first."""
    order = node.ints("perm", None) or list(reversed(range(node.rank(0))))
    if order == list(range(node.rank(0))):
        return node[0]
    rank = len(order)
    if rank >= 2 and order == [*range(rank - 2), rank - 1, rank - 2]:
        return call("transpose", node[0])
    return call("transpose", node[0], order)


@operator("Squeeze")
def squeeze(node: Node) -> Term:
    """Without axes of size 1: those named, or all."""
    axes = node.numbers(1) if node.has(1) else node.ints("axes", None)
    if axes is None:
        axes = [axis for axis, size in enumerate(node.shape(0)) if size == 1]
    return call("squeeze", node[0], axes) if axes else node[0]


@operator("Unsqueeze")
def unsqueeze(node: Node) -> Term:
    """New axes of size 1, at their places in the result."""
    axes = node.numbers(1) if node.has(1) else node.ints("axes")
    rank = node.rank(0) + len(axes)
    places = {axis % rank for axis in axes}
    if len(axes) == 1:
        return call("expand_dims", node[0], axes[0])
    sizes = iter(node.shape(0))
    return call("reshape", node[0], [1 if axis in places else next(sizes) for axis in range(rank)])


@operator("Expand")
def expand(node: Node) -> Term:
    """Repeated along axes of size 1 and new leading ones; 1 keeps a size."""
    wanted = broadcast(node, node.shape(0), tuple(node.sizes(1)))
    return call("broadcast_to", node[0], list(wanted))


def broadcast(node: Node, left: Shape, right: Shape) -> Shape:
    """The shape that two shapes broadcast to."""
    rank = max(len(left), len(right))
    pairs = zip(_widened(left, rank), _widened(right, rank), strict=True)
    return tuple(_common(node, a, b) for a, b in pairs)


def _widened(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


def _common(node: Node, left: DimLike, right: DimLike) -> DimLike:
    if right in (left, 1):
        return left
    return right if left == 1 else node.refuse(f"sizes {left} and {right} do not go together")


@operator("Tile")
def tile(node: Node) -> Term:
    """The whole tensor several times along each axis."""
    return call("tile", node[0], node.sizes(1))


@operator("Concat")
def concat(node: Node) -> Term:
    """Tensors joined along an axis."""
    axis = node.int("axis", 1)
    return call("concat", *node.terms, axis=axis) if node.count > 1 else node[0]


@operator("EyeLike")
def eye_like(node: Node) -> Term:
    """Ones on a diagonal, of the shape of the operand."""
    rows, columns = node.shape(0)
    dtype = node.dtype_attribute("dtype", node.dtype(0))
    right = call("positions", columns) - node.int("k", 0)
    return call("cast", call("reshape", call("positions", rows), [rows, 1]).equals(right), dtype)


@operator("Range")
def range_(node: Node) -> Term:
    """Numbers from a start up to a limit, in steps."""
    dtype = node.dtype(0)
    if dtype.is_float:
        start, stop, step = (node.number(index) for index in range(3))
        count: DimLike = max(int(np.ceil((stop - start) / step)), 0)
    else:
        start, stop, step = (node.sizes(index)[0] for index in range(3))
        count = -((start - stop) // step)
    numbers = call("positions", count)
    numbers = numbers if dtype is DType.I64 else call("cast", numbers, dtype)
    scaled = numbers if step == 1 else numbers * step
    return scaled if start == 0 else scaled + start
