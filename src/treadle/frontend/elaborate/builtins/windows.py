"""Convolutions and sliding windows, on which the library builds its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.registry import axes, builtin, here, integer, pair, sizes, tensor
from treadle.frontend.elaborate.values import Tensor, Value

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def _padding(el: Elaborator, value: Value) -> tuple[tuple[int, int], ...]:
    """`1`, `[1, 2]` (per axis) or `[[0, 1], [0, 1]]` (before and after, per axis)."""
    items = value if isinstance(value, list) else [value, value]
    if len(items) != 2:
        fail("E0314", f"padding takes one integer or two, not {len(items)}", here(el))
    return tuple([_ends(pair(el, item, "padding", 0)) for item in items])


def _ends(amounts: tuple[int, ...]) -> tuple[int, int]:
    return amounts[0], amounts[1]


def _conv_attrs(
    el: Elaborator, stride: Value, padding: Value, dilation: Value, groups: Value
) -> dict[str, object]:
    return {
        "stride": pair(el, stride, "the stride", 1),
        "padding": _padding(el, padding),
        "dilation": pair(el, dilation, "the dilation", 1),
        "groups": integer(el, groups, "the number of groups", 1),
    }


def _two(el: Elaborator, a: Value, b: Value) -> tuple[Tensor, Tensor]:
    first, second = convert.floats(el, [a, b], here(el))
    return first, second


@builtin("conv")
def conv(
    el: Elaborator,
    x: Value,
    w: Value,
    stride: Value = 1,
    padding: Value = 0,
    dilation: Value = 1,
    groups: Value = 1,
) -> Value:
    """Cross-correlation of images [N, C, H, W] with filters [F, C / groups, kh, kw]."""
    return el.op("conv", *_two(el, x, w), **_conv_attrs(el, stride, padding, dilation, groups))


@builtin("conv_input_grad")
def conv_input_grad(
    el: Elaborator,
    y: Value,
    w: Value,
    in_size: Value,
    stride: Value = 1,
    padding: Value = 0,
    dilation: Value = 1,
    groups: Value = 1,
) -> Value:
    """The transposed convolution: what `conv` with these arguments maps from an input of `in_size` to `y`."""
    attrs = _conv_attrs(el, stride, padding, dilation, groups)
    return el.op("conv_input_grad", *_two(el, y, w), in_size=sizes(el, in_size, "the size"), **attrs)


@builtin("windows")
def windows(
    el: Elaborator, x: Value, size: Value, axis: Value, stride: Value = 1, dilation: Value = 1
) -> Value:
    """Sliding windows along axes, which count the windows; the elements of a window come last."""
    value = tensor(el, x)
    over = axes(el, value, axis)
    count = len(over)
    return el.op(
        "windows",
        value,
        axes=over,
        sizes=pair(el, size, "the size of a window", 1, count),
        strides=pair(el, stride, "the stride", 1, count),
        dilations=pair(el, dilation, "the dilation", 1, count),
    )


@builtin("fold_windows")
def fold_windows(
    el: Elaborator, y: Value, shape: Value, size: Value, axis: Value, stride: Value = 1, dilation: Value = 1
) -> Value:
    """The reverse of `windows`: elements of all windows added up in a tensor of this shape."""
    value = tensor(el, y)
    wanted = sizes(el, shape, "a shape")
    given = list(axis) if isinstance(axis, list | range) else [axis]
    over = tuple(sorted(integer(el, item, "an axis") % len(wanted) for item in given))
    count = len(over)
    return el.op(
        "fold_windows",
        value,
        shape=wanted,
        axes=over,
        sizes=pair(el, size, "the size of a window", 1, count),
        strides=pair(el, stride, "the stride", 1, count),
        dilations=pair(el, dilation, "the dilation", 1, count),
    )
