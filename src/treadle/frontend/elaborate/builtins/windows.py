"""Sliding windows, on which the library builds pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.frontend.elaborate.builtins.registry import axes, builtin, integer, pair, sizes, tensor
from treadle.frontend.elaborate.values import Value

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


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
