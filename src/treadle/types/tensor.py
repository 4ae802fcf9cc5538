"""Tensor types: an element type and a shape of dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from treadle.types.dims import DimLike, free_symbols, substitute
from treadle.types.dtype import DType

Shape = tuple[DimLike, ...]


@dataclass(frozen=True)
class TensorType:
    """The type of a tensor, printed as `f32[N, 784]`."""

    dtype: DType
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> DimLike:
        """Number of elements."""
        return shape_size(self.shape)

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset().union(*(free_symbols(dim) for dim in self.shape))

    def with_shape(self, shape: Shape) -> TensorType:
        return TensorType(self.dtype, shape)

    def with_dtype(self, dtype: DType) -> TensorType:
        return TensorType(dtype, self.shape)

    def substitute(self, values: Mapping[str, DimLike]) -> TensorType:
        return TensorType(self.dtype, tuple(substitute(dim, values) for dim in self.shape))

    def static_shape(self) -> tuple[int, ...]:
        """The shape as integers.

        Raises:
            TypeError: if a symbol is left in the shape.
        """
        if any(not isinstance(dim, int) for dim in self.shape):
            raise TypeError(f"{self} still has symbolic dimensions")
        return tuple(dim for dim in self.shape if isinstance(dim, int))

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(str(dim) for dim in self.shape)}]"


def shape_size(shape: Shape) -> DimLike:
    """Product of the dimensions; 1 for a scalar."""
    size: DimLike = 1
    for dim in shape:
        size = size * dim
    return size
