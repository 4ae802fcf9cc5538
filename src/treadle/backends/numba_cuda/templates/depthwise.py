"""Convolutions of groups with few channels: each result is summed by a thread or a block of its own.

Input: a `Geometry`. Output: launches. As a product such a group would fill a small part of a tile. y and dx:
a thread for each element, neighbouring pixels on neighbouring lanes; it sums over the channels (filters) of
its group and the taps, in order. dw: a block for each weight; its threads sum over every 256th pixel, then
add up by shuffles and through shared memory. All three are bound by memory or its caches. Roles as in
`conv.py`."""

from __future__ import annotations

from math import prod

from treadle.backends.numba_cuda.kernel import Launch, Pointer
from treadle.backends.numba_cuda.templates.elements import Element, element
from treadle.backends.numba_cuda.templates.geometry import Geometry, Windows
from treadle.backends.numba_cuda.templates.planes import filter_tail, plane_tail
from treadle.backends.numba_cuda.templates.text import (
    Param,
    Shape,
    ceil_div,
    divided,
    divisors,
    launch,
    numbers,
    parted,
    under,
)
from treadle.lower.plan import ConvCall

THREADS = 256
LANES = 32
MOST_PRODUCTS = 16
"""Filters times channels of a group up to which its elements are summed one by one."""


def is_narrow(g: Geometry) -> bool:
    """Whether the groups are too small for tiles."""
    return g.groups > 1 and g.group_channels * g.group_filters <= MOST_PRODUCTS


def pixels_launch(call: ConvCall, g: Geometry, windows: Windows, index: str) -> Launch:
    """The launch for y, or for one residue of dx: a thread for each element."""
    kind, forward = element(call.dtype), call.op == "conv"
    rows, terms = (g.group_filters, g.group_channels) if forward else (g.group_channels, g.group_filters)
    pixels = windows.rows.count * windows.columns.count
    total = g.batch * g.groups * rows * pixels
    tail = plane_tail(call, windows, rows, g.groups, index, wide=False)
    body = [
        f"at = int32(int32(cuda.blockIdx.x) * {THREADS} + int32(cuda.threadIdx.x))",
        *under("if at < total:", [*_element(index), *_sum_taps(kind, index), *tail.setup, *tail.lines()]),
    ]
    params = [
        Param("image_of", f"{kind.pointer}*", Pointer("x" if forward else "dy")),
        Param("weights", f"{kind.pointer}*", Pointer("w")),
        *tail.params,
        *divisors(pixels=pixels, columns=windows.columns.count, groups=g.groups, rows=rows),
        *_window_numbers(windows),
        *_weight_numbers(g, windows, forward=forward),
        *numbers(terms=terms, total=total),
    ]
    return launch(f"{call.op}_narrow_{call.dtype}", params, body, Shape(ceil_div(total, THREADS), THREADS, 4))


def _window_numbers(windows: Windows) -> list[Param]:
    rows, columns = windows.rows, windows.columns
    return [
        *numbers(step=rows.step, step_across=columns.step, first=rows.first, first_across=columns.first),
        *numbers(tap_step=rows.tap_step, tap_step_across=columns.tap_step),
        *numbers(taps=rows.taps, taps_across=columns.taps, height=rows.source, width=columns.source),
    ]


def _weight_numbers(g: Geometry, windows: Windows, *, forward: bool) -> list[Param]:
    """Where the weights of a row, a term and a tap lie."""
    rows, columns = windows.rows, windows.columns
    across, filter_ = g.axes[1].kernel, g.group_channels * g.taps
    row, term = (filter_, g.taps) if forward else (g.taps, filter_)
    return [
        *numbers(w_group=g.group_filters * filter_, w_row=row, w_term=term),
        *numbers(w_first=rows.weight * across + columns.weight),
        *numbers(w_down=rows.weight_step * across, w_across=columns.weight_step),
    ]


def _element(index: str) -> list[str]:
    """Lines for the image, group, row and pixel of a thread, and what it reads first."""
    return [
        *divided(("plane_of", "at_pixel"), "at", "pixels"),
        *divided(("group_of", "row"), "plane_of", "rows"),
        *divided(("picture", "z"), "group_of", "groups"),
        "column = int32(picture * pixels + at_pixel)",
        *divided(("top", "left"), "at_pixel", "columns"),
        "top = int32(top * step + first)",
        "left = int32(left * step_across + first_across)",
        f"read_from = {index}((picture * groups + z) * terms * height * width)",
        f"weight_from = {index}(z * w_group + row * w_row + w_first)",
    ]


def _sum_taps(kind: Element, index: str) -> list[str]:
    read = kind.load("image_of", f"{index}(read_from + (term * height + down) * width + across)")
    weight = kind.load("weights", f"{index}(weight_from + term * w_term + i * w_down + j * w_across)")
    product = [f"value0 = fma({read}, {weight}, value0)"]
    columns = ["across = int32(left + j * tap_step_across)"]
    columns += under("if uint32(across) < uint32(width):", product)
    rows = ["down = int32(top + i * tap_step)"]
    rows += under("if uint32(down) < uint32(height):", under("for j in range(taps_across):", columns))
    inner = under("for i in range(taps):", rows)
    return [f"value0 = {kind.zero}", *under("for term in range(terms):", inner)]


def weights_launch(call: ConvCall, g: Geometry, index: str) -> Launch:
    """The launch for dw: a block for each weight."""
    kind = element(call.dtype)
    tail = filter_tail(call, g.group_filters, g.group_channels * g.taps, wide=False)
    rows, columns = g.axes
    body = [
        f"shared = cuda.shared.array({THREADS // LANES}, {kind.math})",
        "tid = int32(cuda.threadIdx.x)",
        "block = int32(cuda.blockIdx.x)",
        *divided(("filter", "column"), "block", "n"),
        *divided(("z", "row"), "filter", "filters"),
        *divided(("channel", "tap"), "column", "taps"),
        *divided(("tap_down", "tap_across"), "tap", "taps_across"),
        *_sum_pixels(kind, index),
        *_add_threads(),
        *under("if tid == 0:", [*tail.setup, *tail.lines()]),
    ]
    params = [
        *(Param(role, f"{kind.pointer}*", Pointer(role)) for role in ("x", "dy")),
        *tail.params,
        *divisors(n=g.group_channels * g.taps, filters=g.group_filters, taps=g.taps),
        *divisors(taps_across=columns.kernel, pixels=g.pixels, columns=columns.outputs),
        *numbers(step=rows.stride, step_across=columns.stride, low=rows.low, low_across=columns.low),
        *numbers(dilation=rows.dilation, dilation_across=columns.dilation),
        *numbers(height=rows.size, width=columns.size, channels=g.group_channels, groups=g.groups),
        *numbers(total=g.batch * g.pixels),
    ]
    return launch(
        f"conv_filter_grad_narrow_{call.dtype}", params, body, Shape(prod(call.output.shape), THREADS, 4)
    )


def _sum_pixels(kind: Element, index: str) -> list[str]:
    image = kind.load(
        "x", f"{index}(((picture * groups + z) * channels + channel) * (height * width) + place)"
    )
    gradient = kind.load("dy", f"{index}(((picture * groups + z) * filters + row) * pixels + pixel)")
    inside = "uint32(down) < uint32(height) and uint32(across) < uint32(width)"
    inner = [
        *divided(("picture", "pixel"), "at", "pixels"),
        *divided(("down", "across"), "pixel", "columns"),
        "down = int32(down * step - low + tap_down * dilation)",
        "across = int32(across * step_across - low_across + tap_across * dilation_across)",
        "place = int32(down * width + across)",
        *under(f"if {inside}:", [f"value0 = fma({image}, {gradient}, value0)"]),
    ]
    return [f"value0 = {kind.zero}", *under(f"for at in range(tid, total, int32({THREADS})):", inner)]


def _add_threads() -> list[str]:
    """Lines that add up the sums of a block's threads: of each warp by shuffles, then of the warps in
    order."""
    warp, lane = parted("tid", LANES)
    others = [f"value0 = value0 + shared[int32({i})]" for i in range(1, THREADS // LANES)]
    return [
        *(f"value0 = value0 + cuda.shfl_xor_sync(0xFFFFFFFF, value0, {d})" for d in (16, 8, 4, 2, 1)),
        *under(f"if {lane} == 0:", [f"shared[{warp}] = value0"]),
        "cuda.syncthreads()",
        *under("if tid == 0:", ["value0 = shared[int32(0)]", *others]),
    ]
