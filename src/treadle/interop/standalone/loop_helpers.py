"""Functions that exported modules with Numba call: loops over elements, printed when used.

Here they are plain Python (`jit` and `parallel` do nothing), so that they can be read and tested without
Numba; in an exported module the decorators compile them. They stand in for those of `numpy_helpers` of the
same name. Sizes are taken out of tuples first, since parallel loops know numbers and arrays only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

Array = np.ndarray[Any, Any]
F = TypeVar("F", bound=Callable[..., Any])
prange = range


def jit(function: F) -> F:
    """Compiled, in an exported module."""
    return function


def parallel(function: F) -> F:
    """Compiled for all cores, in an exported module."""
    return function


@jit
def sigmoid_of(x: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    small = math.exp(-abs(x))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


@jit
def softplus_of(x: float) -> float:
    """ln(1 + e^x), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if x == x else x  # noqa: PLR0124 - not for NaN


@parallel
def matmul(a: Array, b: Array) -> Array:
    """The product of two matrices: 16 rows per task, 128 products at a time, while rows of b are at hand."""
    (rows, inner), columns = a.shape, b.shape[1]
    b = np.ascontiguousarray(b)
    out = np.zeros((rows, columns), a.dtype)
    for block in prange((rows + 15) // 16):
        for start in range(0, inner, 128):
            for i in range(16 * block, min(16 * block + 16, rows)):
                for k in range(start, min(start + 128, inner)):
                    factor = a[i, k]
                    for j in range(columns):
                        out[i, j] += factor * b[k, j]
    return out


@parallel
def matmul_each(a: Array, b: Array) -> Array:
    """The products of as many pairs of matrices."""
    (count, rows, inner), columns = a.shape, b.shape[2]
    out = np.zeros((count, rows, columns), a.dtype)
    for n in prange(count):
        for i in range(rows):
            for k in range(inner):
                factor = a[n, i, k]
                for j in range(columns):
                    out[n, i, j] += factor * b[n, k, j]
    return out


def matmul_batch(a: Array, b: Array) -> Array:
    """The products of all matrices in the last two axes; the leading axes broadcast."""
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (np.broadcast_to(x, (*leading, *x.shape[-2:])) for x in (a, b))
    count = math.prod(leading)
    out = matmul_each(a.reshape(count, *a.shape[-2:]), np.ascontiguousarray(b).reshape(count, *b.shape[-2:]))
    return out.reshape(*leading, *out.shape[1:])


@parallel
def convolve(
    x: Array,
    w: Array,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Array:
    """x [N, C, H, W] * w [F, C / groups, kh, kw] -> [N, F, H', W']."""
    (n, _, h, width), (filters, share, kh, kw) = x.shape, w.shape
    (down, right), (down_in, right_in), (top, bottom), (left, end) = stride, dilation, padding[0], padding[1]
    rows = (h + top + bottom - (kh - 1) * down_in - 1) // down + 1
    columns = (width + left + end - (kw - 1) * right_in - 1) // right + 1
    out = np.zeros((n, filters, rows, columns), x.dtype)
    for task in prange(n * filters):
        image, f = task // filters, task % filters
        first = f // (filters // groups) * share
        for c in range(share):
            for i in range(kh):
                for j in range(kw):
                    factor = w[f, c, i, j]
                    for row in range(rows):
                        y = row * down + i * down_in - top
                        if 0 <= y < h:
                            for column in range(columns):
                                at = column * right + j * right_in - left
                                if 0 <= at < width:
                                    out[image, f, row, column] += factor * x[image, first + c, y, at]
    return out


@parallel
def convolve_input_grad(
    dy: Array,
    w: Array,
    in_size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Array:
    """The gradient of `convolve` in x, which has this height and width."""
    (filters, share, kh, kw), (n, _, rows, columns) = w.shape, dy.shape
    (h, width), per_group = in_size, filters // groups
    (down, right), (down_in, right_in), (top, _), (left, _) = stride, dilation, padding[0], padding[1]
    out = np.zeros((n, groups * share, h, width), dy.dtype)
    for task in prange(n * groups * share):
        image, channel = task // (groups * share), task % (groups * share)
        for f in range(channel // share * per_group, channel // share * per_group + per_group):
            for i in range(kh):
                for j in range(kw):
                    factor = w[f, channel % share, i, j]
                    for row in range(rows):
                        y = row * down + i * down_in - top
                        if 0 <= y < h:
                            for column in range(columns):
                                at = column * right + j * right_in - left
                                if 0 <= at < width:
                                    out[image, channel, y, at] += factor * dy[image, f, row, column]
    return out


@parallel
def convolve_filter_grad(
    x: Array,
    dy: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Array:
    """The gradient of `convolve` in w, whose kernel has this height and width."""
    (n, channels, h, width), (_, filters, rows, columns) = x.shape, dy.shape
    (kh, kw), share, per_group = kernel, channels // groups, filters // groups
    (down, right), (down_in, right_in), (top, _), (left, _) = stride, dilation, padding[0], padding[1]
    out = np.zeros((filters, share, kh, kw), x.dtype)
    for task in prange(filters * share):
        f, c = task // share, task % share
        channel = f // per_group * share + c
        for i in range(kh):
            for j in range(kw):
                total = 0.0
                for image in range(n):
                    for row in range(rows):
                        y = row * down + i * down_in - top
                        if 0 <= y < h:
                            for column in range(columns):
                                at = column * right + j * right_in - left
                                if 0 <= at < width:
                                    total += x[image, channel, y, at] * dy[image, f, row, column]
                out[f, c, i, j] = total
    return out
