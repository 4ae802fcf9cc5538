"""Operators that resize: `Resize` and `Upsample`."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.operators.windows import fixed
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DimLike, DType


@operator("Upsample")
def upsample(node: Node) -> Term:
    """Axes `scales` times as long."""
    scales = _decimals(node.floats("scales", None) or node.numbers(1))
    return _simple(node, scales)


@operator("Resize", since=10)
def resize_by_scales(node: Node) -> Term:
    """Axes `scales` times as long."""
    return _simple(node, _decimals(node.numbers(1)))


def _simple(node: Node, scales: Sequence[float]) -> Term:
    sizes = [_scaled(node, n, s) for n, s in zip(node.shape(0), scales, strict=True)]
    axes = list(range(node.rank(0)))
    mode = node.text("mode", "nearest")
    return _resized(node, axes, sizes, scales, mode=mode, place="asymmetric", rounding="floor")


@operator("Resize", since=11)
def resize(node: Node) -> Term:
    """Axes resized to sizes or by scales, in all the ways that the operator knows."""
    axes = [axis % node.rank(0) for axis in node.ints("axes", list(range(node.rank(0))))]
    sizes, scales = _wanted(node, [node.shape(0)[axis] for axis in axes])
    place = node.text("coordinate_transformation_mode", "half_pixel")
    region = _region(node, axes) if place == "tf_crop_and_resize" else None
    return _resized(
        node,
        axes,
        sizes,
        scales,
        region=region,
        mode=node.text("mode", "nearest"),
        place=place,
        rounding=node.text("nearest_mode", "round_prefer_floor"),
        a=node.float("cubic_coeff_a", -0.75),
        exclude=node.flag("exclude_outside"),
        antialias=node.flag("antialias"),
        outside=node.float("extrapolation_value", 0.0),
    )


def _wanted(node: Node, lengths: Sequence[DimLike]) -> tuple[list[DimLike], list[float]]:
    """Sizes and scales of the axes; one follows from the other."""
    if node.has(2) and node.shape(2) != (0,):
        scales = _decimals(node.numbers(2))
        return [_scaled(node, n, s) for n, s in zip(lengths, scales, strict=True)], scales
    sizes = node.sizes(3)
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return sizes, [_scale(node, n, size) for n, size in zip(lengths, sizes, strict=True)]
    whole = fixed(node, lengths, "resizing")
    ratios = [size / n for size, n in zip(fixed(node, sizes, "resizing"), whole, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return [int(scale * n + 0.5) for n in whole], [scale] * len(whole)


def _scaled(node: Node, length: DimLike, scale: float) -> DimLike:
    """The size of an axis that becomes `scale` times as long."""
    return length if scale == 1 else floor(fixed(node, [length], "resizing")[0] * scale)


def _scale(node: Node, length: DimLike, size: DimLike) -> float:
    if length == size:
        return 1.0
    n, out = fixed(node, [length, size], "resizing")
    return out / n


def _region(node: Node, axes: list[int]) -> list[list[float]]:
    flat = _decimals(node.numbers(1))
    return [[flat[i], flat[len(axes) + i]] for i in range(len(axes))]


def _decimals(numbers: Sequence[float]) -> list[float]:
    """float32 in its shortest decimal form."""
    return [float(str(np.float32(number))) for number in numbers]


_DEFAULTS = {
    "mode": "nearest",
    "place": "half_pixel",
    "rounding": "round_prefer_floor",
    "a": -0.75,
    "exclude": False,
    "antialias": False,
    "outside": 0.0,
}


def _resized(
    node: Node,
    axes: Sequence[int],
    sizes: Sequence[DimLike],
    scales: Sequence[float],
    region: list[list[float]] | None = None,
    **settings: Any,
) -> Term:
    """A call of `resize` for the axes that change, without settings that do not matter or are as usual."""
    changed = [
        i
        for i, axis in enumerate(axes)
        if sizes[i] != node.shape(0)[axis] or scales[i] != 1 or (region and region[i] != [0.0, 1.0])
    ]
    unused = {"rounding"} if settings["mode"] != "nearest" else {"a", "exclude", "antialias"}
    settings = {k: v for k, v in settings.items() if k not in unused and v != _DEFAULTS[k]}
    exact = node.dtype(0).is_float
    y = call(
        "resize",
        node[0] if exact else call("cast", node[0], DType.F64),
        [axes[i] for i in changed],
        [sizes[i] for i in changed],
        [scales[i] for i in changed],
        region=[region[i] for i in changed] if region else None,
        **settings,
    )
    return y if exact else call("cast", y, node.dtype(0))
