"""Sliding windows and their adjoint: the basis of pooling and of framing signals. Neither pads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_axes, need_length, need_number, need_positive, window_count
from treadle.types import DType, Shape, TensorType

_ATTRS = {"axes": ..., "sizes": ..., "strides": ..., "dilations": ...}
_SAMPLES: tuple[dict[str, tuple[int, ...]], ...] = (
    {"axes": (1, 2), "sizes": (2, 2), "strides": (2, 2), "dilations": (1, 1)},
    {"axes": (2,), "sizes": (3,), "strides": (1,), "dilations": (2,)},
)


def _windows_type(x: TensorType, attrs: Attrs) -> TensorType:
    axes = attrs["axes"]
    need_axes("windows", x, axes)
    for what in ("sizes", "strides", "dilations"):
        need_length("windows", what, attrs[what], len(axes))
        need_positive("windows", what, attrs[what])
    shape = list(x.shape)
    for axis, size, stride, dilation in zip(
        axes, attrs["sizes"], attrs["strides"], attrs["dilations"], strict=True
    ):
        shape[axis] = window_count("windows", shape[axis], size, stride, dilation)
    return x.with_shape((*shape, *attrs["sizes"]))


def _infer_windows(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return _windows_type(types[0], attrs)


def _infer_fold(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    need_number("fold_windows", types[0])
    result = types[0].with_shape(attrs["shape"])
    expected = _windows_type(result, attrs)
    if expected != types[0]:
        raise TypeRuleError("E0220", f"fold_windows to {result} needs {expected}, not {types[0]}", (0,))
    return result


def _places(rank: int, attrs: Attrs, counts: Shape) -> Any:
    """For each position in the window: its index, and the slices of x that it covers."""
    axes, sizes = attrs["axes"], attrs["sizes"]
    for position in product(*map(range, sizes)):
        where = [slice(None)] * rank
        for i, axis in enumerate(axes):
            start = position[i] * attrs["dilations"][i]
            stride = attrs["strides"][i]
            where[axis] = slice(start, start + (counts[axis] - 1) * stride + 1, stride)
        yield position, tuple(where)


def _windows(x: Any, **attrs: Any) -> Any:
    shape = _windows_type(TensorType(DType.F64, x.shape), attrs).static_shape()
    out = np.empty(shape, x.dtype)
    for position, where in _places(x.ndim, attrs, shape):
        out[(..., *position)] = x[where]
    return out


def _fold_windows(y: Any, shape: tuple[int, ...], **attrs: Any) -> Any:
    out = np.zeros(shape, y.dtype)
    for position, where in _places(len(shape), attrs, y.shape):
        out[where] += y[(..., *position)]
    return out


def _windows_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [g.fold_windows(grad, shape=node.inputs[0].type.shape, **node.attrs)]


def _fold_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [g.windows(grad, **{name: node.attrs[name] for name in _ATTRS})]


REGISTRY.add(
    OpDef(
        "windows",
        ("x",),
        _infer_windows,
        "y[..., o, ..., k] = x[..., o*stride + k*dilation, ...]: window axes come last, as in `axes`.",
        reference=_windows,
        vjp=_windows_vjp,
        attrs=_ATTRS,
        traits=frozenset({"view"}),
        samples=tuple(Sample(((2, 5, 6),), attrs) for attrs in _SAMPLES),
    )
)
REGISTRY.add(
    OpDef(
        "fold_windows",
        ("y",),
        _infer_fold,
        "Adds windows back to where they came from, a tensor of `shape`: the adjoint of `windows`.",
        reference=_fold_windows,
        vjp=_fold_vjp,
        attrs={"shape": ..., **_ATTRS},
        samples=(
            Sample(((2, 2, 3, 2, 2),), {"shape": (2, 5, 6), **_SAMPLES[0]}),
            Sample(((2, 5, 2, 3),), {"shape": (2, 5, 6), **_SAMPLES[1]}),
        ),
    )
)
