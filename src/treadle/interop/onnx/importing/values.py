"""What a name of an ONNX model means while it is imported.

A value is a tensor of the spec, or known: its elements are numbers, or sizes by name, that importing has
computed. A known value becomes text only where a tensor is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treadle.interop.onnx.importing.terms import Term, call, term
from treadle.types import Dim, DimLike, DType, TensorType

Array = NDArray[Any]
MOST_INLINE = 16  # elements of a constant that is written out in the text

_BY_NUMPY = {np.dtype(dtype.numpy_name): dtype for dtype in DType if dtype is not DType.BF16}


@dataclass(eq=False)
class Value:
    """A value of the model.

    Attributes:
        type: of the tensor.
        term: how the spec says it; None as long as a known value was not needed as a tensor.
        known: its elements; of the type `object` when there are symbolic sizes among them.
        trained: whether it is an initialiser of floats, which training may change.
        label: its name in the file.
        roots: the inputs of the model that its elements depend on.
        element: the number of its element type in ONNX, if Treadle holds it in another type.
        items: the elements of a sequence, which is no tensor.
    """

    type: TensorType
    term: Term | None = None
    known: Array | None = None
    trained: bool = False
    label: str = ""
    roots: frozenset[str] = frozenset()
    element: int | None = None
    items: tuple[Value, ...] | None = None

    @property
    def folds(self) -> bool:
        """Whether importing computes with its elements."""
        plain = not self.trained and self.element is None
        return self.known is not None and plain and self.known.size <= MOST_FOLDED


MOST_FOLDED = 4096  # elements of a value that is computed while importing


def known_value(array: Any, dtype: DType, **facts: Any) -> Value:
    """The value of an array whose elements are known."""
    elements = np.asarray(array)
    return Value(TensorType(dtype, elements.shape), known=elements, **facts)


def sequence(items: Sequence[Value]) -> Value:
    """A sequence of tensors; what depends on one of them depends on the inputs of all."""
    roots = frozenset[str]().union(*(item.roots for item in items))
    return Value(TensorType(DType.F32, ()), roots=roots, items=tuple(items))


def sizes_array(sizes: Sequence[DimLike]) -> Array:
    """Sizes as an array: of integers where no name is among them."""
    if all(isinstance(size, int) for size in sizes):
        return np.array([int(size) for size in sizes], np.int64)  # type: ignore[arg-type]
    result = np.empty(len(sizes), object)
    result[:] = list(sizes)
    return result


def dtype_of(array: Array) -> DType:
    """The element type of an array; bfloat16 has none in NumPy."""
    return _BY_NUMPY[array.dtype]


def has_sizes(array: Array) -> bool:
    """Whether symbolic sizes are among the elements."""
    return array.dtype == object and any(isinstance(item, Dim) for item in array.flat)


def literal(array: Array, dtype: DType) -> Term:
    """A known value as a tensor: `tensor([1, 2], i64)`."""
    named = None if dtype is DType.F32 or (dtype is DType.BOOL and array.size) else dtype
    if array.size == 0:
        return call("full", list(array.shape), 0, dtype)
    if has_sizes(array):
        return _sizes_literal(array, dtype)
    return call("tensor", plain(array, dtype), named)


def plain(array: Array, dtype: DType) -> Any:
    """The elements as nested lists of Python numbers; float32 in its shortest decimal form."""
    if dtype is DType.BF16 or array.dtype == np.float32:
        return _map(array.tolist(), lambda number: float(str(np.float32(number))))
    if array.dtype == np.float16:
        return _map(array.tolist(), lambda number: float(str(np.float16(number))))
    return array.tolist()


def _map(nested: Any, change: Any) -> Any:
    return [_map(item, change) for item in nested] if isinstance(nested, list) else change(nested)


def _sizes_literal(array: Array, dtype: DType) -> Term:
    if array.ndim == 0:
        return call("tensor", array.item(), dtype)
    rows = [_sizes_literal(np.asarray(row, object), dtype) for row in array]
    return call("tensor", term(rows), dtype)
