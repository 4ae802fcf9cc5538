"""Computing with known values: shapes that a model works out become numbers and named sizes of the spec.

Input: a node. Output: its value, if all its operands are known and it is small; else None, and the node is
translated. Sizes by name take part, as polynomials: `Concat(Shape(x)[0:1], [16])` is `[N, 16]`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.interop.onnx.importing.elements import result_element
from treadle.interop.onnx.importing.values import MOST_FOLDED, Array, Value, known_value
from treadle.types import DType

if TYPE_CHECKING:
    from treadle.interop.onnx.importing.node import Node

Folder = Callable[["Node"], Any]

FOLDERS: dict[str, Folder] = {}
_STANDARD = {"", "ai.onnx"}


def folds(*names: str) -> Callable[[Folder], Folder]:
    """Register what computes an operator on known values; it returns an array, a list of them, or None."""

    def register(folder: Folder) -> Folder:
        FOLDERS.update(dict.fromkeys(names, folder))
        return folder

    return register


def fold(node: Node) -> list[Value] | None:
    """The results of a node, if importing can compute them."""
    if node.op not in FOLDERS or node.proto.domain not in _STANDARD:
        return None
    if node.op not in _OF_SHAPES and not all(value is None or value.folds for value in node.values):
        return None
    if result_element(node, 0) is not None:
        return None  # its range is seen to where nodes are translated
    found = FOLDERS[node.op](node)
    if found is None:
        return None
    parts = found if isinstance(found, list) else [found]
    values = [_value(node, part) for part in parts]
    small = all(value.known is not None and value.known.size <= MOST_FOLDED for value in values)
    return values if small and len(values) == len(node.outputs) else None


def _value(node: Node, found: Any) -> Value:
    if isinstance(found, Value):
        return found
    dtype = _RESULTS.get(node.op) or (node.dtype(0) if node.values else DType.F32)
    return known_value(tidied(np.asarray(found), dtype), dtype)


def tidied(array: Array, dtype: DType) -> Array:
    """Elements in the array type of `dtype`; of the type `object` only where sizes by name are among them."""
    if array.dtype == object and any(not isinstance(item, int | float | bool) for item in array.flat):
        return array
    return array.astype(dtype.numpy_name)


_OF_SHAPES = {"Shape", "Size"}  # of these only the type of the operand matters
_BOOLEAN = ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not")
_RESULTS = {**dict.fromkeys(_BOOLEAN, DType.BOOL), **dict.fromkeys((*_OF_SHAPES, "NonZero"), DType.I64)}
