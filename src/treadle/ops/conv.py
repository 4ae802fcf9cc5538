"""Convolution over two axes and its two adjoints. The three are closed under differentiation.

Attributes of all three: `stride` (vertical, horizontal), `padding` ((top, bottom), (left, right)),
`dilation`, `groups`. A convolution here is a cross-correlation, as everywhere in this field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_float, need_length, need_positive, need_rank, same_dtype, window_count
from treadle.types import DimLike, Shape, TensorType
from treadle.types.dims import exact_quotient

_ATTRS = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
_SAMPLES: tuple[dict[str, Any], ...] = (
    {},
    {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2},
)


def _check(name: str, types: Sequence[TensorType], attrs: Attrs, layouts: tuple[str, str]) -> None:
    for operand, (type_, layout) in enumerate(zip(types, layouts, strict=True)):
        need_rank(name, type_, 4, layout, operand)
        need_float(name, type_, operand)
    same_dtype(name, types)
    need_length(name, "the stride", attrs["stride"], 2)
    need_length(name, "the dilation", attrs["dilation"], 2)
    need_positive(name, "stride", attrs["stride"])
    need_positive(name, "dilation", attrs["dilation"])
    need_positive(name, "groups", (attrs["groups"],))
    if any(width < 0 for pair in attrs["padding"] for width in pair):
        raise TypeRuleError("E0220", f"{name}: padding must not be negative: {attrs['padding']}")


def _out_size(name: str, size: Shape, kernel: Shape, attrs: Attrs) -> Shape:
    return tuple(
        window_count(
            name, size[i] + sum(attrs["padding"][i]), kernel[i], attrs["stride"][i], attrs["dilation"][i]
        )
        for i in range(2)
    )


def _per_group(name: str, what: str, channels: DimLike, groups: int) -> DimLike:
    share = exact_quotient(channels, groups)
    if share is None:
        raise TypeRuleError("E0208", f"{name}: {channels} {what} cannot be divided into {groups} groups")
    return share


def _infer_conv(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    _check("conv", types, attrs, ("[N, C, H, W]", "[F, C / groups, kh, kw]"))
    x, w = types
    n, c, *size = x.shape
    f, share, *kernel = w.shape
    _per_group("conv", "filters", f, attrs["groups"])
    if _per_group("conv", "channels", c, attrs["groups"]) != share:
        message = (
            f"conv: the input {x} has {c} channels, the weight {w} is made for {share * attrs['groups']}"
        )
        raise TypeRuleError("E0210", message, (0, 1))
    return x.with_shape((n, f, *_out_size("conv", tuple(size), tuple(kernel), attrs)))


def _infer_input_grad(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    name = "conv_input_grad"
    _check(name, types, attrs, ("[N, F, H', W']", "[F, C / groups, kh, kw]"))
    dy, w = types
    result = dy.with_shape((dy.shape[0], w.shape[1] * attrs["groups"], *attrs["in_size"]))
    expected = _infer_conv((result, w), attrs)
    if expected != dy:
        raise TypeRuleError("E0220", f"{name} to {result} needs {expected}, not {dy}", (0,))
    return result


def _infer_filter_grad(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    name = "conv_filter_grad"
    _check(name, types, attrs, ("[N, C, H, W]", "[N, F, H', W']"))
    x, dy = types
    share = _per_group(name, "channels", x.shape[1], attrs["groups"])
    result = x.with_shape((dy.shape[1], share, *attrs["kernel"]))
    expected = _infer_conv((x, result), attrs)
    if expected != dy:
        raise TypeRuleError("E0220", f"{name} to {result} needs {expected}, not {dy}", (1,))
    return result


def _padded(x: Any, padding: Any) -> Any:
    return np.pad(x, ((0, 0), (0, 0), *padding))


def _taps(kernel: Sequence[int], out: Sequence[int], attrs: Attrs) -> Iterator[tuple[tuple[int, int], Any]]:
    """For each weight of the kernel: its place, and the slices of the padded input that it meets."""
    (sh, sw), (dh, dw) = attrs["stride"], attrs["dilation"]
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i * dh, i * dh + (out[0] - 1) * sh + 1, sh)
            columns = slice(j * dw, j * dw + (out[1] - 1) * sw + 1, sw)
            yield (i, j), (..., rows, columns)


def _grouped(x: Any, axis: int, groups: int) -> Any:
    """Splits an axis into (groups, rest)."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def _conv(x: Any, w: Any, **attrs: Any) -> Any:
    groups = attrs["groups"]
    size = _out_size("conv", x.shape[2:], w.shape[2:], attrs)
    padded = _grouped(_padded(x, attrs["padding"]), 1, groups)  # (N, g, C/g, H, W)
    filters = _grouped(w, 0, groups)  # (g, F/g, C/g, kh, kw)
    out = np.zeros((x.shape[0], groups, w.shape[0] // groups, *size), x.dtype)
    for tap, where in _taps(w.shape[2:], out.shape[3:], attrs):
        out += np.einsum("ngchw,gfc->ngfhw", padded[where], filters[(..., *tap)], optimize=True)
    return out.reshape(x.shape[0], w.shape[0], *size)


def _conv_input_grad(dy: Any, w: Any, in_size: Sequence[int], **attrs: Any) -> Any:
    groups, (rows, columns) = attrs["groups"], attrs["padding"]
    h, width = in_size
    channels = w.shape[1]
    grad, filters = _grouped(dy, 1, groups), _grouped(w, 0, groups)
    out = np.zeros((dy.shape[0], groups, channels, h + sum(rows), width + sum(columns)), dy.dtype)
    for tap, where in _taps(w.shape[2:], dy.shape[2:], attrs):
        out[where] += np.einsum("ngfhw,gfc->ngchw", grad, filters[(..., *tap)], optimize=True)
    inner = out[..., rows[0] : rows[0] + h, columns[0] : columns[0] + width]
    return inner.reshape(dy.shape[0], groups * channels, h, width)


def _conv_filter_grad(x: Any, dy: Any, kernel: Sequence[int], **attrs: Any) -> Any:
    groups = attrs["groups"]
    padded, grad = _grouped(_padded(x, attrs["padding"]), 1, groups), _grouped(dy, 1, groups)
    out = np.zeros((groups, grad.shape[2], padded.shape[2], *kernel), x.dtype)
    for tap, where in _taps(kernel, dy.shape[2:], attrs):
        out[(..., *tap)] = np.einsum("ngchw,ngfhw->gfc", padded[where], grad, optimize=True)
    return out.reshape(dy.shape[1], padded.shape[2], *kernel)


def _shared(node: Any) -> dict[str, Any]:
    return {name: node.attrs[name] for name in _ATTRS}


def _size(node: Any) -> Shape:
    size: Shape = node.type.shape[2:]
    return size


def _conv_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x, w = node.inputs
    dx = g.conv_input_grad(grad, w, in_size=_size(x), **_shared(node))
    return [dx, g.conv_filter_grad(x, grad, kernel=_size(w), **_shared(node))]


def _input_grad_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    dy, w = node.inputs
    filter_grad = g.conv_filter_grad(grad, dy, kernel=_size(w), **_shared(node))
    return [g.conv(grad, w, **_shared(node)), filter_grad]


def _filter_grad_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x, dy = node.inputs
    dx = g.conv_input_grad(dy, grad, in_size=_size(x), **_shared(node))
    return [dx, g.conv(x, grad, **_shared(node))]


REGISTRY.add(
    OpDef(
        "conv",
        ("x", "w"),
        _infer_conv,
        "y[n, f, o, p] = sum over c, i, j of x[n, c, o*stride + i*dilation - padding, ...] * w[f, c, i, j]; "
        "x [N, C, H, W], w [F, C / groups, kh, kw], y [N, F, H', W'].",
        reference=_conv,
        vjp=_conv_vjp,
        attrs=_ATTRS,
        samples=(
            Sample(((2, 3, 5, 6), (4, 3, 3, 2)), _SAMPLES[0]),
            Sample(((2, 4, 5, 6), (4, 2, 3, 2)), _SAMPLES[1]),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "conv_input_grad",
        ("dy", "w"),
        _infer_input_grad,
        "The gradient of `conv` in x of size `in_size` (a transposed convolution): "
        "dy [N, F, H', W'] -> [N, C, H, W].",
        reference=_conv_input_grad,
        vjp=_input_grad_vjp,
        attrs={"in_size": ..., **_ATTRS},
        samples=(
            Sample(((2, 4, 3, 5), (4, 3, 3, 2)), {"in_size": (5, 6), **_SAMPLES[0]}),
            Sample(((2, 4, 2, 7), (4, 2, 3, 2)), {"in_size": (5, 6), **_SAMPLES[1]}),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "conv_filter_grad",
        ("x", "dy"),
        _infer_filter_grad,
        "The gradient of `conv` in w of size `kernel`: "
        "x [N, C, H, W], dy [N, F, H', W'] -> [F, C / groups, kh, kw].",
        reference=_conv_filter_grad,
        vjp=_filter_grad_vjp,
        attrs={"kernel": ..., **_ATTRS},
        samples=(
            Sample(((2, 3, 5, 6), (2, 4, 3, 5)), {"kernel": (3, 2), **_SAMPLES[0]}),
            Sample(((2, 4, 5, 6), (2, 4, 2, 7)), {"kernel": (3, 2), **_SAMPLES[1]}),
        ),
    )
)
