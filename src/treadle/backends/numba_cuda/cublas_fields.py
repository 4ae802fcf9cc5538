"""A product in the words of cuBLASLt, whose matrices have their columns side by side.

Input: a `Product`, whose matrices lie in rows. Output: the fields of cuBLASLt's descriptors. The transpose of
c = a b is b' a', and a matrix in rows is its transpose in columns: so a and b trade places, nothing is moved.
Non-goals: calling the library (`cublas.py`). Source: the header `cublasLt.h` of CUDA 13.
"""

from __future__ import annotations

from dataclasses import dataclass

from treadle.backends.numba_cuda.kernel import Panel, Product
from treadle.types import DType

TYPES = {DType.F32: 0, DType.F64: 1, DType.F16: 2, DType.BF16: 14}
"""`cudaDataType`, for the types that have products."""

COMPUTE_32F, COMPUTE_64F = 68, 70  # float32 sums of unrounded float32 factors: no TF32
EPILOGUE_NONE, EPILOGUE_BIAS = 1, 4


@dataclass(frozen=True)
class Layout:
    """A batch of matrices in columns: `cublasLtMatrixLayout_t`."""

    type: int
    rows: int
    columns: int
    stride: int
    batch: int
    batch_stride: int


@dataclass(frozen=True)
class Fields:
    """What cuBLASLt is told: `result = left^T? right^T?`, and the epilogue."""

    compute: int
    scale: int
    left_transposed: bool
    right_transposed: bool
    epilogue: int
    left: Layout
    right: Layout
    result: Layout


def fields_of(product: Product) -> Fields:
    """The fields for a product.

    Raises:
        KeyError: for a type without products.
    """
    double = product.dtype is DType.F64
    m, n, k, batch = product.m, product.n, product.k, product.batch
    return Fields(
        compute=COMPUTE_64F if double else COMPUTE_32F,
        scale=TYPES[DType.F64 if double else DType.F32],
        left_transposed=product.b.transposed,
        right_transposed=product.a.transposed,
        epilogue=EPILOGUE_NONE if product.bias is None else EPILOGUE_BIAS,
        left=_layout(product.b, product.dtype, k, n, batch),
        right=_layout(product.a, product.dtype, m, k, batch),
        result=_layout(product.c, product.result, m, n, batch),
    )


def _layout(panel: Panel, dtype: DType, rows: int, columns: int, batch: int) -> Layout:
    """The lines of a panel are the columns of a layout."""
    lines, length = (columns, rows) if panel.transposed else (rows, columns)
    return Layout(TYPES[dtype], length, lines, panel.stride, batch, panel.batch_stride)
