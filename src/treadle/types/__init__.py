"""Types: element types, symbolic dimensions and tensor types. The lowest layer; imports nothing of
Treadle."""

from treadle.types.dims import Dim, DimLike, dim_floordiv, dim_max, dim_min, dim_mod, symbol
from treadle.types.dtype import DType
from treadle.types.tensor import Shape, TensorType

__all__ = [
    "DType",
    "Dim",
    "DimLike",
    "Shape",
    "TensorType",
    "dim_floordiv",
    "dim_max",
    "dim_min",
    "dim_mod",
    "symbol",
]
