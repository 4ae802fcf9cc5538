"""Element rules of views, padding and joining: which element of an operand an element is."""

from __future__ import annotations

from itertools import accumulate

from treadle.ir import Node
from treadle.loops import Expr, Guard, Index, Position
from treadle.loops.index import dot
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR, guarded_value, paired, within
from treadle.lower.emitter import Emitter, Indices, rule
from treadle.lower.storage import contiguous_strides


@rule("reshape")
def _reshape(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    (x,) = node.inputs
    return emitter.value(x, reshaped(emitter, indices, node.type.static_shape(), x.type.static_shape()))


def reshaped(emitter: Emitter, indices: Indices, shape: tuple[int, ...], target: tuple[int, ...]) -> Indices:
    """The indices of the same element in a tensor of another shape.

    Axes are taken in the smallest groups of equal size, so that unchanged axes keep their index.
    """
    if 0 in target:
        return (Index(),) * len(target)
    result: list[Index] = []
    for sources, targets in _groups(shape, target):
        if len(sources) == len(targets) == 1:
            result.append(indices[sources[0]])
            continue
        sizes = tuple(shape[axis] for axis in sources)
        linear = dot((indices[axis] for axis in sources), contiguous_strides(sizes))
        result.extend(_digits(emitter, linear, tuple(target[axis] for axis in targets)))
    return tuple(result)


def _digits(emitter: Emitter, linear: Index, shape: tuple[int, ...]) -> list[Index]:
    digits: list[Index] = []
    for position, size in reversed(list(enumerate(shape))):
        if all(outer == 1 for outer in shape[:position]):
            digits.extend([linear] + [Index()] * position)
            break
        linear, digit = emitter.divide(linear, size)
        digits.append(digit)
    return digits[::-1]


def _groups(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Pairs of neighbouring axes with equal products, as short as possible; axes of size 1 join the
    group before."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        left: list[int] = []
        right: list[int] = []
        a = b = 1
        while not (left or right) or a != b:
            if i < len(old) and (a <= b or j == len(new)):
                a, left, i = a * old[i], [*left, i], i + 1
            else:
                b, right, j = b * new[j], [*right, j], j + 1
            if a == b and not right and j < len(new):
                b, right, j = b * new[j], [*right, j], j + 1
        groups.append((left, right))
    return groups


@rule("transpose")
def _transpose(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    source = [Index()] * len(indices)
    for axis, index in zip(node.attrs["perm"], indices, strict=True):
        source[axis] = index
    return emitter.value(node.inputs[0], tuple(source))


@rule("broadcast_to")
def _broadcast_to(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    return paired(emitter, node.inputs[0], indices)


@rule("slice")
def _slice(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    moved = (
        Index(start).plus(index, step)
        for start, step, index in zip(node.attrs["starts"], node.attrs["steps"], indices, strict=True)
    )
    return emitter.value(node.inputs[0], tuple(moved))


@rule("flip")
def _flip(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    shape, axes = node.type.static_shape(), node.attrs["axes"]
    flipped = (Index(shape[k] - 1).plus(i, -1) if k in axes else i for k, i in enumerate(indices))
    return emitter.value(node.inputs[0], tuple(flipped))


@rule("pad")
def _pad(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    (x,) = node.inputs
    inner = tuple(index.plus(-low) for index, low in zip(indices, node.attrs["low"], strict=True))
    condition = within(emitter, inner, x.type.static_shape())
    fill = literal(node.attrs["value"], node.type.dtype)
    return guarded_value(emitter, condition, x, inner, fill)


@rule("concat")
def _concat(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    """Parts are chosen from the last to the first; used only where the concatenation is not stored."""
    axis = node.attrs["axis"]
    ends = list(accumulate(part.type.static_shape()[axis] for part in node.inputs))
    result: Expr | None = None
    for part, end in reversed(list(zip(node.inputs, ends, strict=True))):
        start = end - part.type.static_shape()[axis]
        inner = (*indices[:axis], indices[axis].plus(-start), *indices[axis + 1 :])
        with emitter.guarded():
            value = emitter.value(part, inner)
        test = SCALAR.lt(Position(indices[axis]), end)
        result = value if result is None else Guard(test, value, result)
    if result is None:
        raise TypeError(f"{node} has no parts")
    return result
