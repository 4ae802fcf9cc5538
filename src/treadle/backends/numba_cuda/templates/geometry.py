"""Convolutions as products of a matrix with windows of an image.

Input: lower's `ConvCall`. Output: a `Geometry`, and for the two directions that walk over an image the
`Windows` of a product: pixel (u, v) of the result and tap (i, j) meet the image at row `u * step + i *
tap_step + first`, likewise the column. The gradient in x has one product for each residue of the position
modulo the stride, so that no tap is wasted. Non-goals: text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import cast

from treadle.lower.plan import ConvCall

Pair = tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """One spatial axis: extents of image, kernel and output, and where taps meet the image."""

    size: int
    kernel: int
    outputs: int
    stride: int
    low: int
    dilation: int


@dataclass(frozen=True)
class Geometry:
    """A convolution of x[batch, channels, ...] with w[filters, channels / groups, ...]; extents are those of
    the forward convolution also where a gradient is meant."""

    batch: int
    channels: int
    filters: int
    groups: int
    axes: tuple[Axis, Axis]

    @property
    def group_channels(self) -> int:
        return self.channels // self.groups

    @property
    def group_filters(self) -> int:
        return self.filters // self.groups

    @property
    def taps(self) -> int:
        """Weights of one channel of a filter."""
        return self.axes[0].kernel * self.axes[1].kernel

    @property
    def image(self) -> int:
        """Pixels of a channel of x."""
        return self.axes[0].size * self.axes[1].size

    @property
    def pixels(self) -> int:
        """Pixels of a channel of y."""
        return self.axes[0].outputs * self.axes[1].outputs


def geometry(call: ConvCall) -> Geometry:
    """The forward convolution's geometry, whichever two of its three tensors are given."""
    first, second, out = (*(storage.shape for storage in call.inputs), call.output.shape)
    x, w, y = {
        "conv": (first, second, out),
        "conv_input_grad": (out, second, first),
        "conv_filter_grad": (first, out, second),
    }[call.op]
    stride, dilation = cast("Pair", call.attrs["stride"]), cast("Pair", call.attrs["dilation"])
    padding = cast("tuple[Pair, Pair]", call.attrs["padding"])
    rows, columns = (
        Axis(x[2 + i], w[2 + i], y[2 + i], stride[i], padding[i][0], dilation[i]) for i in range(2)
    )
    return Geometry(x[0], x[1], w[0], cast("int", call.attrs["groups"]), (rows, columns))


@dataclass(frozen=True)
class Walk:
    """How a product walks over one axis of an image.

    Attributes:
        count: positions of the result.
        step, first: the image's position for a position of the result at tap 0.
        taps, tap_step: how many taps, and by how much the position moves with each.
        weight, weight_step: the kernel's tap for tap 0, and from one tap to the next.
        place, place_step: where the positions lie in the result.
        extent: the size of the result's axis.
        source: the size of the image's axis.
    """

    count: int
    step: int
    first: int
    taps: int
    tap_step: int
    weight: int
    weight_step: int
    place: int
    place_step: int
    extent: int
    source: int


@dataclass(frozen=True)
class Windows:
    """A product over windows: rows and columns of the image."""

    rows: Walk
    columns: Walk

    @property
    def taps(self) -> int:
        return self.rows.taps * self.columns.taps


def forward_windows(g: Geometry) -> Windows:
    """The convolution itself."""
    rows, columns = (
        Walk(a.outputs, a.stride, -a.low, a.kernel, a.dilation, 0, 1, 0, 1, a.outputs, a.size) for a in g.axes
    )
    return Windows(rows, columns)


def input_grad_windows(g: Geometry) -> list[Windows]:
    """The products that make up the gradient in x; together they write all of it."""
    rows, columns = ([walk for walk in _residues(axis) if walk.count] for axis in g.axes)
    return [Windows(row, column) for row, column in product(rows, columns)]


def _residues(axis: Axis) -> list[Walk]:
    return [_residue(axis, place) for place in range(min(axis.stride, axis.size))]


def _residue(axis: Axis, place: int) -> Walk:
    """The positions place, place + stride, ... and the taps that meet them: those with
    (place + low - tap * dilation) divisible by the stride."""
    apart = axis.stride // gcd(axis.stride, axis.dilation)
    met = [tap for tap in range(axis.kernel) if (place + axis.low - tap * axis.dilation) % axis.stride == 0]
    weight = met[0] if met else 0
    return Walk(
        count=-(-(axis.size - place) // axis.stride),
        step=1,
        first=(place + axis.low - weight * axis.dilation) // axis.stride,
        taps=len(met),
        tap_step=-(apart * axis.dilation // axis.stride),
        weight=weight,
        weight_step=apart,
        place=place,
        place_step=axis.stride,
        extent=axis.size,
        source=axis.outputs,
    )
