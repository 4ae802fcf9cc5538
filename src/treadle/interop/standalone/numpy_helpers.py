"""Functions that exported modules call where NumPy has no short form; their text is printed, when used.

Each stands alone but for others of this file, so that its text needs only `numpy`, `math` and `Array`. What
they compute is what the ops' references compute; a test over the registry holds them together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)  # type: ignore[no-any-return]


def softplus(x: Array) -> Array:
    """ln(1 + e^x), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def erf(x: Array) -> Array:
    """The error function, element by element: NumPy has none."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x)).astype(x.dtype)


def erfc(x: Array) -> Array:
    """1 - erf(x), exact where it is small."""
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(x)).astype(x.dtype)


def log_gamma(x: Array) -> Array:
    """ln gamma(x) for x > 0."""
    return np.asarray(np.frompyfunc(math.lgamma, 1, 1)(x)).astype(x.dtype)


def polygamma(x: Array, order: int) -> Array:
    """The derivative number order + 1 of ln gamma(x), for x > 0: 25 steps up, then the asymptotic series."""
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
    wide = np.asarray(x, np.float64)
    z = wide + 25
    steps = sum(1 / (wide + k) ** (order + 1) for k in range(25))
    if order == 0:
        tail = sum(-b / (2 * k) / z ** (2 * k) for k, b in enumerate(bernoulli, 1))
        return np.asarray(np.log(z) - 0.5 / z + tail - steps).astype(x.dtype)
    factor = math.factorial(order)
    tail = sum(
        b * math.factorial(2 * k + order - 1) / math.factorial(2 * k) / z ** (order + 2 * k)
        for k, b in enumerate(bernoulli, 1)
    )
    series = factor / order / z**order + factor / 2 / z ** (order + 1) + tail
    return np.asarray((-1.0) ** (order + 1) * (factor * steps + series)).astype(x.dtype)


def round_to_f16(x: Array) -> Array:
    """The nearest values that a 16-bit float holds, as 32-bit floats."""
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float32).astype(np.float16).astype(np.float32)


def round_to_bf16(x: Array) -> Array:
    """The nearest values that the upper half of a 32-bit float holds, ties to even."""
    values = np.ascontiguousarray(x, np.float32)
    bits = values.view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    nearest = (bits + (np.uint32(0x7FFF) + even)) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(values), values, nearest.view(np.float32)).reshape(np.shape(x))


def iota(shape: tuple[int, ...], axis: int) -> Array:
    """The position along an axis, at every place."""
    column = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return np.broadcast_to(column, shape)


def largest(x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
    """The maximum along axes; over nothing, what all others beat."""
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    return np.max(x, axis, keepdims=keepdims, initial=least)  # type: ignore[no-any-return]


def smallest(x: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
    """The minimum along axes; over nothing, what all others beat."""
    most = np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).max
    return np.min(x, axis, keepdims=keepdims, initial=most)  # type: ignore[no-any-return]


def cumsum_from_the_end(x: Array, axis: int) -> Array:
    """y[i] = x[i] + ... + x[n - 1] along an axis."""
    return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)


def argsort(x: Array, axis: int, descending: bool = False) -> Array:
    """The positions that sort an axis; equal elements keep their order."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    turned = np.argsort(np.flip(x, axis), axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - turned, axis)


def take_along(x: Array, indices: Array, axis: int) -> Array:
    """y[i, j, k] = x[i, indices[i, j, k], k] for axis 1; indices out of range are clamped."""
    return np.take_along_axis(x, np.clip(indices, 0, x.shape[axis] - 1), axis)


def scatter_add(updates: Array, indices: Array, axis: int, size: int) -> Array:
    """y[..., indices[i], ...] += updates[..., i, ...] on zeros, the axis of this size."""
    before, after = updates.shape[:axis], updates.shape[axis + indices.ndim :]
    return scatter_add_into(np.zeros((*before, size, *after), updates.dtype), updates, indices, axis)


def scatter_add_into(base: Array, updates: Array, indices: Array, axis: int) -> Array:
    """A copy of base with y[..., indices[i], ...] += updates[..., i, ...]."""
    before, after = base.shape[:axis], base.shape[axis + 1 :]
    out = np.moveaxis(base.copy(), axis, 0)
    rows = np.moveaxis(updates.reshape(*before, indices.size, *after), axis, 0)
    np.add.at(out, np.clip(indices.reshape(-1), 0, base.shape[axis] - 1), rows)
    return np.moveaxis(out, 0, axis)


def scatter_add_along(updates: Array, indices: Array, axis: int, size: int) -> Array:
    """y[i, indices[i, j, k], k] += updates[i, j, k] for axis 1, on zeros, the axis of this size."""
    out = np.zeros((*updates.shape[:axis], size, *updates.shape[axis + 1 :]), updates.dtype)
    places: list[Any] = list(np.indices(updates.shape, sparse=True))
    places[axis] = np.clip(indices, 0, size - 1)
    np.add.at(out, tuple(places), updates)
    return out


def scatter_max(updates: Array, indices: Array, axis: int, size: int) -> Array:
    """The largest updates[..., i, ...] with indices[i] = s at y[..., s, ...]; the least number for none."""
    before, after = updates.shape[:axis], updates.shape[axis + indices.ndim :]
    least = -np.inf if updates.dtype.kind == "f" else np.iinfo(updates.dtype).min
    out = np.full((size, *before, *after), least, updates.dtype)
    rows = np.moveaxis(updates.reshape(*before, indices.size, *after), axis, 0)
    np.maximum.at(out, np.clip(indices.reshape(-1), 0, size - 1), rows)
    return np.moveaxis(out, 0, axis)


def scatter_max_along(updates: Array, indices: Array, axis: int, size: int) -> Array:
    """The largest updates[i, j, k] with indices[i, j, k] = s at y[i, s, k], for axis 1."""
    least = -np.inf if updates.dtype.kind == "f" else np.iinfo(updates.dtype).min
    out = np.full((*updates.shape[:axis], size, *updates.shape[axis + 1 :]), least, updates.dtype)
    places: list[Any] = list(np.indices(updates.shape, sparse=True))
    places[axis] = np.clip(indices, 0, size - 1)
    np.maximum.at(out, tuple(places), updates)
    return out


def windows(
    x: Array,
    axes: tuple[int, ...],
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> Array:
    """Sliding windows over axes, as new last axes; nothing is copied."""
    reach = tuple((size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True))
    out = np.lib.stride_tricks.sliding_window_view(x, reach, axes)
    steps: list[slice] = [slice(None)] * out.ndim
    for i, axis in enumerate(axes):
        steps[axis] = slice(None, None, strides[i])
        steps[x.ndim + i] = slice(None, None, dilations[i])
    return out[tuple(steps)]


def fold_windows(
    y: Array,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
) -> Array:
    """Adds windows back to where they came from: the adjoint of `windows`."""
    out = np.zeros(shape, y.dtype)
    for position in np.ndindex(*sizes):
        where = [slice(None)] * len(shape)
        for i, axis in enumerate(axes):
            start = position[i] * dilations[i]
            where[axis] = slice(start, start + (y.shape[axis] - 1) * strides[i] + 1, strides[i])
        out[tuple(where)] += y[(..., *position)]
    return out


def convolve(
    x: Array,
    w: Array,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Array:
    """x [N, C, H, W] * w [F, C / groups, kh, kw] -> [N, F, H', W']."""
    filters, share, kh, kw = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), *padding))
    reach = ((kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1)
    patches = np.lib.stride_tricks.sliding_window_view(padded, reach, (2, 3))
    patches = patches[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    n, _, height, width = patches.shape[:4]
    grouped = patches.reshape(n, groups, share, height, width, kh, kw)
    kernels = w.reshape(groups, filters // groups, share, kh, kw)
    out = np.einsum("ngchwij,gfcij->ngfhw", grouped, kernels, optimize=True)
    return out.reshape(n, filters, height, width)  # type: ignore[no-any-return]


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
    (filters, share, kh, kw), (n, _, height, width) = w.shape, dy.shape
    (top, bottom), (left, right) = padding
    grad = dy.reshape(n, groups, filters // groups, height, width)
    kernels = w.reshape(groups, filters // groups, share, kh, kw)
    out = np.zeros((n, groups, share, in_size[0] + top + bottom, in_size[1] + left + right), dy.dtype)
    for i, j in np.ndindex(kh, kw):
        rows = slice(i * dilation[0], i * dilation[0] + (height - 1) * stride[0] + 1, stride[0])
        columns = slice(j * dilation[1], j * dilation[1] + (width - 1) * stride[1] + 1, stride[1])
        part = np.einsum("ngfhw,gfc->ngchw", grad, kernels[..., i, j], optimize=True)
        out[..., rows, columns] += part
    inner = out[..., top : top + in_size[0], left : left + in_size[1]]
    return inner.reshape(n, groups * share, *in_size)


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
    (n, channels), (_, filters, height, width) = x.shape[:2], dy.shape
    padded = np.pad(x, ((0, 0), (0, 0), *padding))
    grouped = padded.reshape(n, groups, channels // groups, *padded.shape[2:])
    grad = dy.reshape(n, groups, filters // groups, height, width)
    out = np.empty((groups, filters // groups, channels // groups, *kernel), x.dtype)
    for i, j in np.ndindex(*kernel):
        rows = slice(i * dilation[0], i * dilation[0] + (height - 1) * stride[0] + 1, stride[0])
        columns = slice(j * dilation[1], j * dilation[1] + (width - 1) * stride[1] + 1, stride[1])
        out[..., i, j] = np.einsum("ngchw,ngfhw->gfc", grouped[..., rows, columns], grad, optimize=True)
    return out.reshape(filters, channels // groups, *kernel)


def eliminate(a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Gaussian elimination with pivoting: upper triangles, right sides, signs of the row exchanges."""
    a, b, batch = a.copy(), b.copy(), np.arange(len(a))
    sign = np.ones(len(a), a.dtype)
    for p in range(a.shape[-1]):
        best = p + np.argmax(np.abs(a[:, p:, p]), axis=1)
        sign = np.where(best == p, sign, -sign)
        for matrix in (a, b):
            matrix[batch, p], matrix[batch, best] = matrix[batch, best], matrix[batch, p]
        pivot = a[:, p : p + 1, p]
        factor = np.where(pivot == 0, 0, a[:, p + 1 :, p] / pivot)[:, :, None]
        a[:, p + 1 :] -= factor * a[:, p : p + 1]
        b[:, p + 1 :] -= factor * b[:, p : p + 1]
    return a, b, sign


def solve(a: Array, b: Array) -> Array:
    """x with a x = b; infinite or NaN where a is singular."""
    n, k = b.shape[-2:]
    with np.errstate(all="ignore"):
        upper, x, _ = eliminate(a.reshape(-1, n, n), b.reshape(-1, n, k))
        for p in reversed(range(n)):
            rest = np.einsum("bj,bjk->bk", upper[:, p, p + 1 :], x[:, p + 1 :])
            x[:, p] = (x[:, p] - rest) / upper[:, p, p][:, None]
    return x.reshape(b.shape)


def det(a: Array) -> Array:
    """Determinants of the matrices in the last two axes; 0 for singular ones."""
    n = a.shape[-1]
    matrices = a.reshape(-1, n, n)
    with np.errstate(all="ignore"):
        upper, _, sign = eliminate(matrices, np.zeros((len(matrices), n, 0), a.dtype))
    return (sign * np.prod(np.einsum("bii->bi", upper), axis=1)).reshape(a.shape[:-2])  # type: ignore[no-any-return]


def eigenvectors(a: Array) -> Array:
    """Unit eigenvectors of the symmetric part, by rising eigenvalue; a leading component is positive."""
    vectors = np.linalg.eigh((a + np.swapaxes(a, -1, -2)) / 2)[1]
    size = np.abs(vectors)
    first = np.argmax(size >= size.max(-2, keepdims=True) / 2, axis=-2, keepdims=True)
    return np.where(np.take_along_axis(vectors, first, -2) < 0, -vectors, vectors)


def halves(value: Any) -> tuple[Array, Array]:
    """The low and the high 32 bits of 64-bit integers."""
    bits = np.asarray(value, np.int64).view(np.uint64)
    return bits & np.uint64(0xFFFFFFFF), bits >> np.uint64(32)


def philox(counter: tuple[Any, Any, Any, Any], key: tuple[Any, Any]) -> tuple[Array, Array, Array, Array]:
    """Philox4x32-10: four random 32-bit words for each counter. Salmon et al., SC 2011."""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = (np.asarray(word, np.uint64) for word in key)
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (b >> np.uint64(32)) ^ c1 ^ k0, b & low, (a >> np.uint64(32)) ^ c3 ^ k1, a & low
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & low, (k1 + np.uint64(0xBB67AE85)) & low
    return c0, c1, c2, c3


def draw_words(key: Array, stream: int, count: int) -> tuple[Array, Array, Array, Array]:
    """Four words for each of `count` elements; `stream` numbers the place of the draw in the model."""
    (key_low, key_high), (step_low, step_high) = halves(key[0]), halves(key[1])
    low, high = halves(np.arange(count))
    return philox((low, high ^ step_high, np.uint64(stream), step_low), (key_low, key_high))


def fold_in(key: Array, number: Any) -> Array:
    """A new key from a key and a number."""
    (key_low, key_high), (step_low, step_high) = halves(key[0]), halves(key[1])
    low, high = halves(number)
    words = philox((low, high, step_low, step_high), (key_low, key_high ^ np.uint64(0x5851F42D)))
    return np.stack([words[i] | (words[i + 1] << np.uint64(32)) for i in (0, 2)]).view(np.int64)


def random_uniform(key: Array, shape: tuple[int, ...], stream: int, bits: int = 24) -> Array:
    """Numbers in [0, 1): the highest bits of a random word each."""
    word = draw_words(key, stream, math.prod(shape))[0]
    return ((word >> np.uint64(32 - bits)) / 2.0**bits).astype(np.float32).reshape(shape)


def random_uniform_f64(key: Array, shape: tuple[int, ...], stream: int) -> Array:
    """Numbers in [0, 1) from 53 random bits each."""
    w0, w1, _, _ = draw_words(key, stream, math.prod(shape))
    return (((w0 >> np.uint64(5)) * 2.0**26 + (w1 >> np.uint64(6))) / 2.0**53).reshape(shape)


def random_normal(key: Array, shape: tuple[int, ...], stream: int) -> Array:
    """Normal numbers by Box and Muller: sqrt(-2 ln u) cos(2 pi v)."""
    w0, w1, _, _ = draw_words(key, stream, math.prod(shape))
    u, v = (((word >> np.uint64(8)) / 2.0**24).astype(np.float32) for word in (w0, w1))
    return (np.sqrt(-2 * np.log(1 - u)) * np.cos(v * np.float32(2 * np.pi))).reshape(shape)  # type: ignore[no-any-return]


def random_normal_f64(key: Array, shape: tuple[int, ...], stream: int) -> Array:
    """Normal numbers by Box and Muller, of double precision."""
    words = draw_words(key, stream, math.prod(shape))
    u, v = (
        ((high >> np.uint64(5)) * 2.0**26 + (low >> np.uint64(6))) / 2.0**53
        for high, low in (words[:2], words[2:])
    )
    return (np.sqrt(-2 * np.log(1 - u)) * np.cos(v * (2 * np.pi))).reshape(shape)  # type: ignore[no-any-return]
