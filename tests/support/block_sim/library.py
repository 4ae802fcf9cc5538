"""What the library of the GPU's maker does to memory for a `Product`, by NumPy.

Refuses what would be read or written out of bounds, and reads of what nothing wrote. The workspace is left
poisoned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support.block_sim.hazards import OutOfBounds, UninitialisedRead
from support.block_sim.memory import POISON, View
from treadle.backends.numba_cuda.kernel import Panel, Product
from treadle.ops.halves import from_words, to_words
from treadle.types import DType

WORKSPACE = 3  # the place among a product's pointers


def pointer_types(product: Product) -> list[str]:
    """The types of a product's pointers, as in a kernel's parameters."""
    operand, result = f"{product.dtype}*", f"{product.result}*"
    return [operand, operand, result, "u8*", operand][: len(product.args)]


def multiply(product: Product, views: Sequence[View]) -> None:
    """Runs a product on the memory that its pointers reach."""
    batch, m, n, k = product.batch, product.m, product.n, product.k
    a = read(views[0], product.dtype, places(product.a, batch, m, k))
    b = read(views[1], product.dtype, places(product.b, batch, k, n))
    bias = 0.0 if product.bias is None else read(views[4], product.dtype, np.arange(n))
    poison(views[WORKSPACE], product.workspace_bytes)
    with np.errstate(all="ignore"):
        write(views[2], product.result, places(product.c, batch, m, n), a @ b + bias)


def places(panel: Panel, batch: int, rows: int, columns: int) -> np.ndarray:
    """The element number of each element of a panel."""
    row, column = (1, panel.stride) if panel.transposed else (panel.stride, 1)
    matrix = np.arange(rows)[:, None] * row + np.arange(columns) * column
    return np.arange(batch)[:, None, None] * panel.batch_stride + matrix


def read(view: View, dtype: DType, where: np.ndarray) -> np.ndarray:
    """Elements in float64."""
    at = within(view, where)
    if view.written is not None and not view.written[at].all():
        raise UninitialisedRead(f"{view.name}: a product reads what nothing wrote")
    words = view.values[at]
    return from_words(words.view(np.float16) if dtype is DType.F16 else words, dtype).astype(np.float64)


def write(view: View, dtype: DType, where: np.ndarray, value: np.ndarray) -> None:
    """Stores elements, rounded to their type."""
    at = within(view, where)
    view.values[at] = to_words(value, dtype).view(view.values.dtype)
    if view.written is not None:
        view.written[at] = True


def poison(view: View, size: int) -> None:
    """Leaves nothing of what the workspace held."""
    at = within(view, np.array([0, size - 1]))
    view.values[at[0] : at[1] + 1] = POISON


def within(view: View, where: np.ndarray) -> np.ndarray:
    """Places in the view's memory; raises OutOfBounds."""
    at = where + view.base
    low, high = view.count
    if at.min() < low or at.max() >= high:
        raise OutOfBounds(f"{view.name}: a product reaches elements {at.min()} to {at.max()} of {high}")
    return at
