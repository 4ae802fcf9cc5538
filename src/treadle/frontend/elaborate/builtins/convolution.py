"""Convolutions over one, two or three axes, all by the operations for two.

One axis is an image of height 1. Three axes are images whose channels are the channels of all the depths that
a filter reaches: `[N, C, D, H, W] -> [N D', C kd, H, W]`, a view but for padding. So the derivatives and the
kernels are those for two axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.registry import builtin, here, integer, pair, sizes
from treadle.frontend.elaborate.values import Tensor, Value
from treadle.types import DimLike, Shape

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_DEPTH_TO_ROWS = (0, 2, 1, 5, 3, 4)  # [N, C, D', H, W, kd] -> [N, D', C, kd, H, W]
_ROWS_TO_DEPTH = (0, 2, 1, 4, 5, 3)
_SWAP_DEPTH = (0, 2, 1, 3, 4)


@dataclass(frozen=True)
class _Settings:
    """What a convolution takes besides tensors, per axis."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    def attrs(self) -> dict[str, object]:
        """The attributes of the operations, for two axes."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def raised(self) -> _Settings:
        """For images of height 1 instead of rows."""
        return replace(
            self, stride=(1, *self.stride), padding=((0, 0), *self.padding), dilation=(1, *self.dilation)
        )

    def flat(self) -> _Settings:
        """Without the depth."""
        return replace(self, stride=self.stride[1:], padding=self.padding[1:], dilation=self.dilation[1:])


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
    """Cross-correlation of [N, C, ...] with filters [F, C / groups, ...] over one, two or three axes."""
    image, filters, settings = _given(el, x, w, stride, padding, dilation, groups)
    if image.rank == 3:
        wide = el.op("conv", _row(el, image), _row(el, filters), **settings.raised().attrs())
        return el.op("reshape", wide, shape=(*wide.shape[:2], wide.shape[3]))
    if image.rank == 5:
        return _volume(el, image, filters, settings)
    return el.op("conv", image, filters, **settings.attrs())


@builtin("conv_transpose")
def conv_transpose(
    el: Elaborator,
    x: Value,
    w: Value,
    stride: Value = 1,
    padding: Value = 0,
    extra: Value = 0,
    dilation: Value = 1,
    groups: Value = 1,
) -> Value:
    """The transposed convolution: [N, C, ...] with filters [C, F / groups, ...], from outputs back to inputs.

    Sizes become `stride (size - 1) + dilation (kernel - 1) + 1 - 2 padding + extra`.
    """
    image, filters, settings = _given(el, x, w, stride, padding, dilation, groups)
    more = pair(el, extra, "the extra size", 0, image.rank - 2)
    if image.rank == 3:
        wide = _transposed(el, _row(el, image), _row(el, filters), settings.raised(), (0, *more))
        return el.op("reshape", wide, shape=(*wide.shape[:2], wide.shape[3]))
    if image.rank == 5:
        return _transposed_volume(el, image, filters, settings, more)
    return _transposed(el, image, filters, settings, more)


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
    """What `conv` of images with these arguments maps from an input of `in_size` to `y`."""
    image, filters, settings = _given(el, y, w, stride, padding, dilation, groups)
    size = sizes(el, in_size, "the size")
    return el.op("conv_input_grad", image, filters, in_size=size, **settings.attrs())


def _given(
    el: Elaborator, x: Value, w: Value, stride: Value, padding: Value, dilation: Value, groups: Value
) -> tuple[Tensor, Tensor, _Settings]:
    image, filters = convert.floats(el, [x, w], here(el))
    if image.rank not in (3, 4, 5) or filters.rank != image.rank:
        message = (
            f"a convolution takes [N, C, ...] and filters with as many axes, not {image.type}, {filters.type}"
        )
        fail("E0202", message, here(el), hint="one, two or three axes after the channels")
    count = image.rank - 2
    apart = pair(el, dilation, "the dilation", 1, count)
    settings = _Settings(
        pair(el, stride, "the stride", 1, count),
        _padding(el, padding, filters.shape[2:], apart),
        apart,
        integer(el, groups, "the number of groups", 1),
    )
    return image, filters, settings


def _padding(
    el: Elaborator, value: Value, kernel: Shape, dilation: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """`1`, `[1, 2]` (per axis), `[[0, 1], [0, 1]]` (before and after, per axis), "same" or "valid"."""
    if value == "same":
        reach = [d * (integer(el, k, "the kernel") - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple([(total // 2, total - total // 2) for total in reach])
    given = 0 if value == "valid" else value
    items = given if isinstance(given, list) else [given] * len(kernel)
    if len(items) != len(kernel):
        fail("E0314", f"padding takes one integer or {len(kernel)}, not {len(items)}", here(el))
    return tuple([_ends(pair(el, item, "padding", 0)) for item in items])


def _ends(amounts: tuple[int, ...]) -> tuple[int, int]:
    return amounts[0], amounts[1]


def _row(el: Elaborator, x: Tensor) -> Tensor:
    return el.op("reshape", x, shape=(*x.shape[:2], 1, x.shape[2]))


def _merged(el: Elaborator, w: Tensor) -> Tensor:
    """Filters [F, C, kd, kh, kw] as [F, C kd, kh, kw]."""
    return el.op("reshape", w, shape=(w.shape[0], w.shape[1] * w.shape[2], *w.shape[3:]))


def _volume(el: Elaborator, x: Tensor, w: Tensor, settings: _Settings) -> Tensor:
    low, high = settings.padding[0]
    padded = _pad(el, x, 2, low, high)
    seen = el.op(
        "windows",
        padded,
        axes=(2,),
        sizes=(w.shape[2],),
        strides=settings.stride[:1],
        dilations=settings.dilation[:1],
    )
    rows = el.op("transpose", seen, perm=_DEPTH_TO_ROWS)
    n, depth, c, reach, *size = rows.shape
    images = el.op("reshape", rows, shape=(n * depth, c * reach, *size))
    y = el.op("conv", images, _merged(el, w), **settings.flat().attrs())
    stacked = el.op("reshape", y, shape=(n, depth, *y.shape[1:]))
    return el.op("transpose", stacked, perm=_SWAP_DEPTH)


def _transposed_volume(
    el: Elaborator, y: Tensor, w: Tensor, settings: _Settings, extra: tuple[int, ...]
) -> Tensor:
    rows = el.op("transpose", y, perm=_SWAP_DEPTH)
    n, depth = rows.shape[:2]
    images = el.op("reshape", rows, shape=(n * depth, *rows.shape[2:]))
    x = _transposed(el, images, _merged(el, w), settings.flat(), extra[1:])
    reach, channels = w.shape[2], w.shape[1] * settings.groups
    parts = el.op("reshape", x, shape=(n, depth, channels, reach, *x.shape[2:]))
    full = _full_size(settings, 0, depth, reach)
    total = el.op(
        "fold_windows",
        el.op("transpose", parts, perm=_ROWS_TO_DEPTH),
        shape=(n, channels, full, *x.shape[2:]),
        axes=(2,),
        sizes=(reach,),
        strides=settings.stride[:1],
        dilations=settings.dilation[:1],
    )
    low, crop, more = _ends_of(settings, 0, extra[0])
    return _pad(el, _cut(el, total, 2, low, full - crop), 2, 0, more)


def _transposed(el: Elaborator, y: Tensor, w: Tensor, settings: _Settings, extra: tuple[int, ...]) -> Tensor:
    ends = [_ends_of(settings, axis, extra[axis]) for axis in range(2)]
    fulls = [_full_size(settings, axis, y.shape[2 + axis], w.shape[2 + axis]) for axis in range(2)]
    within = replace(settings, padding=tuple([(low, crop) for low, crop, _ in ends]))
    inside = tuple([full - low - crop for full, (low, crop, _) in zip(fulls, ends, strict=True)])
    _check_left(el, inside)
    x = el.op("conv_input_grad", y, w, in_size=inside, **within.attrs())
    for axis, (_, _, more) in enumerate(ends):
        x = _pad(el, x, 2 + axis, 0, more)
    return x


def _full_size(settings: _Settings, axis: int, size: DimLike, kernel: DimLike) -> DimLike:
    """The size of a transposed convolution before anything is cut off."""
    return settings.stride[axis] * (size - 1) + settings.dilation[axis] * (kernel - 1) + 1


def _ends_of(settings: _Settings, axis: int, extra: int) -> tuple[int, int, int]:
    """What is cut off before and after an axis, and what is added behind it."""
    low, high = settings.padding[axis]
    return low, max(high - extra, 0), max(extra - high, 0)


def _check_left(el: Elaborator, inside: Sequence[DimLike]) -> None:
    if any(isinstance(size, int) and size < 1 for size in inside):
        shown = ", ".join(map(str, inside))
        fail("E0209", f"the padding of a transposed convolution leaves the size {shown}", here(el))


def _pad(el: Elaborator, x: Tensor, axis: int, low: int, high: int) -> Tensor:
    if not (low or high):
        return x
    before = tuple([low if i == axis else 0 for i in range(x.rank)])
    after = tuple([high if i == axis else 0 for i in range(x.rank)])
    return el.op("pad", x, low=before, high=after, value=0)


def _cut(el: Elaborator, x: Tensor, axis: int, start: int, stop: DimLike) -> Tensor:
    starts = tuple([start if i == axis else 0 for i in range(x.rank)])
    stops = tuple([stop if i == axis else size for i, size in enumerate(x.shape)])
    if (starts, stops) == ((0,) * x.rank, x.shape):
        return x
    return el.op("slice", x, starts=starts, stops=stops, steps=(1,) * x.rank)
