"""Operators on signals: Fourier transforms and windows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import fixed
from treadle.interop.onnx.importing.registry import Translator, operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.interop.onnx.importing.values import Array, Value, known_value
from treadle.types import DType


@operator("DFT", since=17)
def dft(node: Node) -> Term:
    """The discrete Fourier transform along an axis; complex numbers are pairs."""
    axis = _axis(node)
    inverse, onesided = node.flag("inverse"), node.flag("onesided")
    length = int(node.number(1)) if node.has(1) else _length(node, axis)
    if not node.has(1) and inverse and onesided:
        length = 2 * (length - 1)
    return _precisely(
        node,
        lambda x: call("fourier", x, axis, length, inverse=inverse or None, onesided=onesided or None),
    )


def _axis(node: Node) -> int:
    if node.opset < 20:
        return int(node.int("axis", 1))
    return int(node.number(2)) if node.has(2) else -2


def _precisely(node: Node, transform: Callable[[Term], Term]) -> Term:
    """Computed in float64: long sums of waves cancel."""
    if node.dtype(0) is DType.F64:
        return transform(node[0])
    return call("cast", transform(call("cast", node[0], DType.F64)), node.dtype(0))


def _length(node: Node, axis: int) -> int:
    size = node.shape(0)[axis]
    return size if isinstance(size, int) else int(node.refuse("an axis whose size is known by name only"))


@operator("STFT")
def stft(node: Node) -> Term:
    """Fourier transforms of windows of a signal."""
    shape = call("cast", node[2], DType.F64) if node.has(2) else None
    onesided = None if node.flag("onesided", default=True) else False
    size, step = _frame(node), int(node.number(1))
    return _precisely(node, lambda x: call("short_fourier", x, size, step, shape=shape, onesided=onesided))


def _frame(node: Node) -> int:
    if node.has(3):
        return int(node.number(3))
    return fixed(node, node.shape(2), "a window")[0] if node.has(2) else _length(node, 1)


def _window(function: str) -> Translator:
    def translate(node: Node) -> Term:
        periodic = None if node.flag("periodic", default=True) else False
        window = call(function, int(node.number(0)), periodic=periodic)
        dtype = node.dtype_attribute("output_datatype", DType.F32)
        return window if dtype is DType.F32 else call("cast", window, dtype)

    translate.__doc__ = f"`{function}(size)`."

    return translate


for _theirs, _ours in {
    "HannWindow": "hann_window",
    "HammingWindow": "hamming_window",
    "BlackmanWindow": "blackman_window",
}.items():
    operator(_theirs)(_window(_ours))


@operator("MelWeightMatrix")
def mel_weight_matrix(node: Node) -> Value:
    """Triangles over frequencies, evenly apart by the ear; a constant."""
    bins, length, rate, low, high = (node.number(index) for index in range(5))
    dtype = node.dtype_attribute("output_datatype", DType.F32)
    return known_value(_mel_weights(bins, length, rate, low, high).astype(dtype.numpy_name), dtype)


def _mel_weights(bins: int, length: int, rate: int, low: float, high: float) -> Array:
    start, stop = (2595 * np.log10(1 + hertz / 700) for hertz in (low, high))
    mels = start + np.arange(bins + 2) * ((stop - start) / (bins + 2))
    corners = ((length + 1) * (700 * (10 ** (mels / 2595) - 1)) // rate).astype(np.int64)
    places = np.arange(length // 2 + 1)[:, None]
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising = np.where(middle > left, (places - left) / np.maximum(middle - left, 1), places == middle)
    falling = (right - places) / np.maximum(right - middle, 1)
    inside = (places >= left) & (places <= middle)
    return np.where((places >= middle) & (places < right), falling, np.where(inside, rising, 0.0))
