"""Convolutions in which each channel has one filter of its own, and their gradients.

Input: an element type and a `ConvGeometry` that `is_depthwise`. Output: `Plan`s with the roles of conv.py.
A channel's image lies padded in scratch, where a tap is a fixed distance, so sums run along whole images and
rows need no edges; strides leave out results at the end. The gradient with respect to the input is the same
sum over the output's gradient, spread by the stride, with the filter turned round. Non-goals: several filters
for each channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.templates import depthwise_source
from treadle.backends.numba_cpu.templates.epilogue import Epilogue, operand_strides
from treadle.backends.numba_cpu.templates.epilogue_source import epilogue_layout, epilogue_text
from treadle.backends.numba_cpu.templates.plan import LINE_BYTES, Plan, Step, aligned
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES, row_tile

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.program import Words
    from treadle.backends.numba_cpu.templates.geometry import ConvGeometry

    Pair = tuple[int, int]

PARALLEL_WORK = 100_000
"""Multiply-adds from which sharing among threads pays."""


def is_depthwise(g: ConvGeometry) -> bool:
    """Whether each of several channels has exactly one filter, and no window lies in the padding alone."""
    return 1 < g.groups == g.channels == g.filters and all(
        axis.low <= axis.dilation * (axis.kernel - 1)
        and (axis.outputs - 1) * axis.stride < axis.size + axis.low
        for axis in g.axes
    )


def depthwise_plan(dtype: str, g: ConvGeometry, parts: int, epilogue: Epilogue) -> Plan:
    """Return y[n, c, p] = epilogue(sum over taps of x * w); rows of the epilogue are channels."""
    plane = _Plane((g.height, g.width), (1, 1), (g.padding[0][0], g.padding[1][0]), _padded(g), g)
    return _product_plan(dtype, plane, parts, ("x", "y"), (g.out_height, g.out_width), g.stride, epilogue)


def depthwise_input_grad_plan(dtype: str, g: ConvGeometry, parts: int) -> Plan:
    """Return dx from dy and w: dy spread by the stride in a border that every tap reaches."""
    reach = [axis.dilation * (axis.kernel - 1) for axis in g.axes]
    before = (reach[0] - g.padding[0][0], reach[1] - g.padding[1][0])
    padded = (g.height + reach[0], g.width + reach[1])
    plane = _Plane((g.out_height, g.out_width), g.stride, before, padded, g, turned=True)
    return _product_plan(dtype, plane, parts, ("dy", "dx"), (g.height, g.width), (1, 1), Epilogue())


def depthwise_filter_grad_plan(dtype: str, g: ConvGeometry, parts: int) -> Plan:
    """Return dw[c, i, j] from x and dy; each channel sums its images in order, so threads change nothing."""
    plane = _Plane((g.height, g.width), (1, 1), (g.padding[0][0], g.padding[1][0]), _padded(g), g)
    layout, element = depthwise_source.filter_grad_layout(dtype), ELEMENT_BYTES[dtype]
    run = plane.run((g.out_height, g.out_width), g.stride)
    image = aligned(plane.held(run) * element)
    part = image + aligned(run * element)
    meta = plane.numbers() | {
        "out_height": g.out_height,
        "out_width": g.out_width,
        "step_h": g.stride[0],
        "step_w": g.stride[1],
        "run": run,
        "image_held": plane.held(run),
        "scratch_part": part // element,
    }
    slots = layout.slots(
        roles={"image": "scratch", "spread": "scratch"}, offsets={"image": 0, "spread": image}
    )
    source = KernelSource(f"depthwise_filter_grad_{dtype}", depthwise_source.filter_grad_text(dtype))
    step = Step(
        source, layout.meta(meta), slots, g.batch * g.channels * run * plane.taps.size >= PARALLEL_WORK
    )
    return Plan((step,), parts * part, plane.taps)


def _padded(g: ConvGeometry) -> Pair:
    (top, bottom), (left, right) = g.padding
    return g.height + top + bottom, g.width + left + right


@dataclass(frozen=True, eq=False)
class _Plane:
    """A channel's image in scratch: rows and columns `spread` apart, behind `before` zeros, in `padded`."""

    size: Pair
    spread: Pair
    before: Pair
    padded: Pair
    geometry: ConvGeometry
    turned: bool = False

    @cached_property
    def taps(self) -> Words:
        """The distance of each weight's element from the first, in the order of the weights."""
        (kh, kw), (dh, dw) = self.geometry.kernel, self.geometry.dilation
        rows, columns = np.arange(kh) * dh, np.arange(kw) * dw
        offsets = (rows[:, None] * self.padded[1] + columns[None, :]).reshape(-1).astype(np.int64)
        return np.ascontiguousarray(offsets[::-1]) if self.turned else offsets

    @property
    def farthest(self) -> int:
        """The distance of the last tap."""
        return int(self.taps.max())

    def held(self, run: int) -> int:
        """Return the elements of the padded image, with those that a run of sums reads beyond it."""
        return max(self.padded[0] * self.padded[1], run + self.farthest)

    def run(self, results: Pair, step: Pair) -> int:
        """Return how many neighbouring sums hold all results."""
        return (results[0] - 1) * step[0] * self.padded[1] + (results[1] - 1) * step[1] + 1

    def numbers(self) -> dict[str, int]:
        """Return the words that describe the image and where it goes."""
        return {
            "batch": self.geometry.batch,
            "planes": self.geometry.channels,
            "height": self.size[0],
            "width": self.size[1],
            "spread_h": self.spread[0],
            "spread_w": self.spread[1],
            "top": self.before[0],
            "left": self.before[1],
            "padded_w": self.padded[1],
            "taps": self.taps.size,
        }


def _product_plan(
    dtype: str,
    plane: _Plane,
    parts: int,
    roles: tuple[str, str],
    results: Pair,
    step: Pair,
    epilogue: Epilogue,
) -> Plan:
    product = depthwise_source.product_layout(dtype)
    layout, element = product + epilogue_layout(dtype, epilogue), ELEMENT_BYTES[dtype]
    width = row_tile(dtype).width
    run = -(-plane.run(results, step) // width) * width
    image = aligned(plane.held(run) * element)
    part = LINE_BYTES + image + aligned(run * element)
    pixels = results[0] * results[1]
    full = (plane.geometry.channels * pixels, pixels)
    meta = (
        plane.numbers()
        | operand_strides(epilogue, full)
        | {
            "out_height": results[0],
            "out_width": results[1],
            "step_h": step[0],
            "step_w": step[1],
            "run": run,
            "image_held": plane.held(run),
            "scratch_part": part // element,
            "c_b": full[0],
            "c_m": full[1],
            "epilogue": 0,
        }
    )
    slots = layout.slots(
        roles={"x": roles[0], "c": roles[1], "call": "scratch", "image": "scratch", "sums": "scratch"},
        offsets={"call": 0, "image": LINE_BYTES, "sums": LINE_BYTES + image},
    )
    callees: tuple[tuple[int, KernelSource], ...] = ()
    if not epilogue.is_identity:
        text = epilogue_text(dtype, product, epilogue)
        callees = ((layout.index("epilogue"), KernelSource("epilogue", text)),)
    source = KernelSource(f"depthwise_{dtype}", depthwise_source.product_text(dtype))
    work = plane.geometry.batch * plane.geometry.channels * run * plane.taps.size
    return Plan(
        (Step(source, layout.meta(meta), slots, work >= PARALLEL_WORK, callees),), parts * part, plane.taps
    )
