"""What rules ask of nodes, and the small things they make: constants, uniform values, broadcasts.

Non-goals: rules. A value is uniform when every element is the same number known at compile time.
"""

from __future__ import annotations

from typing import TypeGuard

from treadle.ir import Builder, Node
from treadle.ops import REGISTRY
from treadle.types import DType, Shape, TensorType

Number = float | int | bool


def uniform(node: Node) -> Number | None:
    """The number that every element of the node is, if it is known; None otherwise."""
    while node.op in {"broadcast_to", "reshape", "transpose"}:
        node = node.inputs[0]
    if node.op != "const":
        return None
    value = node.attrs["value"]
    return value if isinstance(value, float | int) else None  # the value may be a symbolic dimension


def is_uniform(node: Node, number: Number) -> bool:
    """Whether every element of the node is known to be `number`."""
    return uniform(node) == number


def is_elementwise(node: Node) -> bool:
    """Whether the op computes each element of its result from one element of each operand."""
    return node.op in REGISTRY and REGISTRY[node.op].is_elementwise


def has_trait(node: Node, trait: str) -> bool:
    """Whether the op has a trait of the registry."""
    return node.op in REGISTRY and trait in REGISTRY[node.op].traits


def is_float(node: Node) -> bool:
    """Whether the node has floating-point elements."""
    return node.type.dtype.is_float


def scalar(g: Builder, value: Number, dtype: DType) -> Node:
    """A constant without axes."""
    return g.constant(as_element(value, dtype), dtype)


def as_element(value: Number, dtype: DType) -> Number:
    """A number as an attribute of a constant of that element type."""
    if dtype is DType.BOOL:
        return bool(value)
    return float(value) if dtype.is_float else int(value)


def filled(g: Builder, value: Number, type_: TensorType) -> Node:
    """A constant of a type."""
    return g.constant(as_element(value, type_.dtype), type_.dtype, type_.shape)


def broadcast(g: Builder, node: Node, shape: Shape) -> Node:
    """The node with a shape that it broadcasts to."""
    return node if node.type.shape == shape else g.broadcast_to(node, shape=shape)


def reshaped(g: Builder, node: Node, shape: Shape) -> Node:
    """The node with a shape of the same size."""
    return node if node.type.shape == shape else g.reshape(node, shape=shape)


def broadcast_shape(*shapes: Shape) -> Shape | None:
    """The shape that elementwise operands of these shapes give; None if they do not go together."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: Shape = ()
    for sizes in zip(*padded, strict=True):
        distinct = {size for size in sizes if size != 1}
        if len(distinct) > 1:
            return None
        result = (*result, distinct.pop() if distinct else 1)
    return result


def is_static(shape: Shape) -> TypeGuard[tuple[int, ...]]:
    """Whether no symbol is left in the shape."""
    return all(isinstance(dim, int) for dim in shape)


def all_axes_but(rank: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The other axes, in order."""
    return tuple(axis for axis in range(rank) if axis not in axes)
