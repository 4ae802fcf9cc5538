"""Convolutions as gathered products: which element of a padded image meets which weight, as tables of
offsets.

Input: `ConvGeometry`. Output: `Correlation`s, for which out[p, n] = sum over k of image[pixels[p] + taps[k]]
* weights[weight_taps[k] + n * weight_step]. Forward is one of them, the gradient with respect to the input
one for each residue of the position modulo the stride. Non-goals: code.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.program import Words

    Pair = tuple[int, int]


@dataclass(frozen=True)
class ConvGeometry:
    """A 2-D convolution of x[batch, channels, height, width] with w[filters, channels // groups, *kernel].

    `padding` holds (low, high) for height and for width. Extents are those of the forward convolution also
    where a gradient is meant.
    """

    batch: int
    channels: int
    height: int
    width: int
    filters: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: tuple[Pair, Pair] = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def out_height(self) -> int:
        """Rows of the output."""
        return self._axis(0).outputs

    @property
    def out_width(self) -> int:
        """Columns of the output."""
        return self._axis(1).outputs

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The two spatial axes."""
        return self._axis(0), self._axis(1)

    def _axis(self, i: int) -> Axis:
        size = (self.height, self.width)[i]
        return Axis(size, self.kernel[i], self.stride[i], *self.padding[i], self.dilation[i])

    @property
    def group_channels(self) -> int:
        """Channels of one group."""
        return self.channels // self.groups

    @property
    def group_filters(self) -> int:
        """Filters of one group."""
        return self.filters // self.groups


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a convolution."""

    size: int
    kernel: int
    stride: int
    low: int
    high: int
    dilation: int

    @property
    def outputs(self) -> int:
        """Positions of the kernel."""
        span = self.dilation * (self.kernel - 1) + 1
        return (self.size + self.low + self.high - span) // self.stride + 1

    def residues(self) -> list[Residue]:
        """Return the positions of the input by what is left of them modulo the stride, with the taps that
        meet them."""
        return [Residue(self, left) for left in range(self.stride)]


@dataclass(frozen=True)
class Residue:
    """The input positions h with (h + low) % stride == left."""

    axis: Axis
    left: int

    @cached_property
    def positions(self) -> Words:
        """The positions, in order."""
        axis = self.axis
        return np.arange((self.left - axis.low) % axis.stride, axis.size, axis.stride)

    @cached_property
    def taps(self) -> Words:
        """The kernel's taps that meet these positions."""
        taps = np.arange(self.axis.kernel, dtype=np.int64)
        met: Words = taps[taps * self.axis.dilation % self.axis.stride == self.left]
        return met

    @property
    def starts(self) -> Words:
        """The output position that meets each position at tap offset 0."""
        return (self.positions + self.axis.low - self.left) // self.axis.stride

    @property
    def shifts(self) -> Words:
        """How many outputs earlier each tap's output lies."""
        return (self.taps * self.axis.dilation - self.left) // self.axis.stride

    @property
    def border(self) -> Pair:
        """Zeros needed before and after the outputs, so that every start minus every shift exists."""
        if not self.positions.size or not self.taps.size:
            return 0, 0
        first, last = self.starts[0] - self.shifts.max(), self.starts[-1] - self.shifts.min()
        return int(max(0, -first)), int(max(0, last - (self.axis.outputs - 1)))


@dataclass(frozen=True, eq=False)
class Correlation:
    """A gathered product over padded images; everything is per group. `pixels` and `taps` index the padded
    image."""

    image: tuple[int, int, int]
    border: tuple[Pair, Pair]
    outputs: int
    pixels: Words
    targets: Words
    row_length: int
    unit_step: bool
    taps: Words
    weight_taps: Words
    weight_step: int

    @property
    def padded(self) -> Pair:
        """Height and width of the padded image."""
        return _padded(self.image[1:], self.border)


def _padded(size: Pair, border: tuple[Pair, Pair]) -> Pair:
    return size[0] + sum(border[0]), size[1] + sum(border[1])


def _grid(*offsets: Words) -> Words:
    """Return all sums of one offset from each array, the last varying fastest."""
    total = np.zeros(1, np.int64)
    for offset in offsets:
        total = (total[:, None] + np.asarray(offset, np.int64)[None, :]).reshape(-1)
    return total


def forward_correlation(g: ConvGeometry) -> Correlation:
    """Return the convolution itself."""
    (kh, kw), (sh, sw), (dh, dw) = g.kernel, g.stride, g.dilation
    height, width = _padded((g.height, g.width), g.padding)
    pixels = _grid(np.arange(g.out_height) * sh * width, np.arange(g.out_width) * sw)
    channels = np.arange(g.group_channels) * height * width
    taps = _grid(channels, np.arange(kh) * dh * width, np.arange(kw) * dw)
    return Correlation(
        image=(g.group_channels, g.height, g.width),
        border=g.padding,
        outputs=g.group_filters,
        pixels=pixels,
        targets=np.arange(pixels.size),
        row_length=g.out_width,
        unit_step=sw == 1,
        taps=taps,
        weight_taps=np.arange(taps.size),
        weight_step=taps.size,
    )


def input_grad_correlations(g: ConvGeometry) -> list[Correlation]:
    """Return the correlations of the output's gradient that make up the input's gradient."""
    rows, columns = (axis.residues() for axis in g.axes)
    return [_residue_correlation(g, r, c) for r, c in itertools.product(rows, columns)]


def _residue_correlation(g: ConvGeometry, rows: Residue, columns: Residue) -> Correlation:
    border = rows.border, columns.border
    height, width = _padded((g.out_height, g.out_width), border)
    area, filters = g.kernel[0] * g.kernel[1], np.arange(g.group_filters)
    pixels = _grid((rows.starts + border[0][0]) * width, columns.starts + border[1][0])
    return Correlation(
        image=(g.group_filters, g.out_height, g.out_width),
        border=border,
        outputs=g.group_channels,
        pixels=pixels,
        targets=_grid(rows.positions * g.width, columns.positions),
        row_length=columns.positions.size,
        unit_step=True,
        taps=_grid(filters * height * width, -rows.shifts * width, -columns.shifts),
        weight_taps=_grid(filters * g.group_channels * area, rows.taps * g.kernel[1], columns.taps),
        weight_step=area,
    )
