"""Operators on sequences of tensors, which are lists while importing: the spec has their elements only."""

from __future__ import annotations

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import fixed
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Value, known_value, sequence
from treadle.types import DType


@operator("SequenceEmpty")
def sequence_empty(node: Node) -> Value:  # noqa: ARG001 - all translators have one signature
    """A sequence without elements."""
    return sequence([])


@operator("SequenceConstruct")
def sequence_construct(node: Node) -> Value:
    """A sequence of the operands."""
    return sequence([node.value(index) for index in range(node.count)])


@operator("SequenceInsert")
def sequence_insert(node: Node) -> Value:
    """A sequence with one more element before a position, or at the end."""
    items = node.items(0)
    place = int(node.number(2)) if node.has(2) else len(items)
    if not -len(items) <= place <= len(items):
        node.refuse(f"position {place} of a sequence of {len(items)}")
    place = place + len(items) if place < 0 else place
    return sequence([*items[:place], node.value(1), *items[place:]])


@operator("SequenceErase")
def sequence_erase(node: Node) -> Value:
    """A sequence without one of its elements, the last one unless a position is given."""
    items = node.items(0)
    place = _place(node, len(items), -1)
    return sequence([*items[:place], *items[place + 1 :]])


@operator("SequenceAt")
def sequence_at(node: Node) -> Value:
    """An element of a sequence."""
    items = node.items(0)
    return items[_place(node, len(items), 0)]


def _place(node: Node, count: int, default: int) -> int:
    place = int(node.number(1)) if node.has(1) else default
    if not -count <= place < count:
        node.refuse(f"position {place} of a sequence of {count}")
    return place % count


@operator("SequenceLength")
def sequence_length(node: Node) -> Value:
    """The number of elements of a sequence."""
    return known_value(np.array(len(node.items(0)), np.int64), DType.I64)


@operator("SplitToSequence")
def split_to_sequence(node: Node) -> Value:
    """Parts of a tensor along an axis: of one size, of listed sizes, or single positions."""
    axis = node.int("axis", 0) % node.rank(0)
    start, items = 0, []
    for size in _sizes(node, axis):
        part = call("narrow", node[0], axis, start, size)
        if not (node.has(1) or node.flag("keepdims", default=True)):
            part = call("squeeze", part, axis)
        named = node.let(part)
        items.append(Value(node.type_of(named), named, roots=node.value(0).roots))
        start += size
    return sequence(items)


def _sizes(node: Node, axis: int) -> list[int]:
    if node.has(1) and node.rank(1) == 1:
        return [int(size) for size in node.numbers(1)]
    length = fixed(node, [node.shape(0)[axis]], "splitting")[0]
    size = int(node.number(1)) if node.has(1) else 1
    if size < 1:
        node.refuse(f"parts of size {size}")
    return [min(size, length - start) for start in range(0, length, size)]


@operator("ConcatFromSequence")
def concat_from_sequence(node: Node) -> Term:
    """The elements of a sequence along an axis, which may be a new one."""
    parts = [node.importer.tensor(item) for item in node.items(0)]
    if not parts:
        node.refuse("an empty sequence")
    function = "stack" if node.flag("new_axis") else "concat"
    return call(function, *parts, axis=node.int("axis"))


@operator("Optional")
def optional(node: Node) -> Value:
    """The value itself; one that is missing has no form."""
    return node.value(0)


@operator("OptionalHasElement")
def optional_has_element(node: Node) -> Value:
    """Whether a value is given: what is a tensor or a sequence here is."""
    return known_value(np.array(node.has(0)), DType.BOOL)


@operator("OptionalGetElement")
def optional_get_element(node: Node) -> Value:
    """The value itself."""
    return node.value(0)
