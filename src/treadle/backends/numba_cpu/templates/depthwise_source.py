"""Source text of the kernels of depthwise convolutions.

Input: an element type. Output: kernel source text and the layouts of meta arrays. Sizes, strides and taps are
numbers in meta and a table, so that one compiled kernel serves all.
"""

from __future__ import annotations

from string import Template
from textwrap import indent

from treadle.backends.numba_cpu.templates.layout import MetaLayout, buffers, numbers
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES, row_tile

_PLANE = numbers(
    "batch", "planes", "height", "width", "spread_h", "spread_w", "top", "left", "padded_w", "taps"
)
_RESULT = numbers("out_height", "out_width", "step_h", "step_w", "run", "image_held", "scratch_part")


def product_layout(dtype: str) -> MetaLayout:
    """Return the words of the product; an epilogue's follow."""
    roles = [(name, dtype) for name in ("x", "w", "c", "call", "image", "sums")]
    return buffers(*roles, ("table", "i64")) + _PLANE + _RESULT + numbers("c_b", "c_m", "epilogue")


def filter_grad_layout(dtype: str) -> MetaLayout:
    """Return the words of the filters' gradient."""
    roles = [(name, dtype) for name in ("x", "dy", "dw", "image", "spread")]
    return buffers(*roles, ("table", "i64")) + _PLANE + _RESULT


def product_text(dtype: str) -> str:
    """Return the kernel of sums over taps: an image at a time, long vectors of neighbouring sums."""
    return _kernel(dtype, _TOOLS, product_layout(dtype), _PRODUCT)


def filter_grad_text(dtype: str) -> str:
    """Return the kernel of sums over pixels: a channel at a time."""
    return _kernel(dtype, "", filter_grad_layout(dtype), _FILTER_GRAD)


def _kernel(dtype: str, tools: str, layout: MetaLayout, body: str) -> str:
    lines = "\n".join((*layout.prologue(), body))
    template = f"{_IMPORTS}{tools}\ndef kernel(meta, part, parts):\n" + indent(lines, 4 * " ")
    tile, element = row_tile(dtype), ELEMENT_BYTES[dtype]
    names = {"dtype": dtype, "V": tile.vectors, "L": tile.lanes, "W": tile.width, "E": element}
    return Template(template).substitute(names, zero=f"float{8 * element}(0)") + "\n"


_IMPORTS = """\
from treadle.backends.numba_cpu.abi import *
from treadle.backends.numba_cpu.sync import call_kernel
from treadle.backends.numba_cpu.templates.micro import tile
"""

_TOOLS = """\
sums_of = tile("shifted", "$dtype", 1, $V, $L)
"""

_PRODUCT = """\
at = part * scratch_part
call_at = m[3] + $E * at
call = i64_at(call_at)
for j in range(image_held):
    p_image[at + j] = $zero
for item in range(share(batch * planes, part, parts), share(batch * planes, part + 1, parts)):
    i_b = item // planes
    plane = item - i_b * planes
    for i in range(height):
        to = at + (top + i * spread_h) * padded_w + left
        x_at = (item * height + i) * width
        for j in range(width):
            p_image[to + j * spread_w] = p_x[x_at + j]
    for p in range(0, run, $W):
        source = m[4] + $E * (at + p)
        sums_of(m[1] + $E * plane * taps, taps, 1, source, m[6], m[5] + $E * (at + p), $W, taps, 1)
    c_at = i_b * c_b + plane * c_m
    for i in range(out_height):
        first = at + i * step_h * padded_w
        for j in range(out_width):
            p_c[c_at + i * out_width + j] = p_sums[first + j * step_w]
    if epilogue != 0:
        call[0] = i_b
        call[1] = plane
        call[2] = plane + 1
        call[3] = 0
        call[4] = out_height * out_width
        call_kernel(epilogue, meta, call_at, 0)\
"""

_FILTER_GRAD = """\
at = part * scratch_part
for j in range(image_held):
    p_image[at + j] = $zero
for j in range(run):
    p_spread[at + j] = $zero
for plane in range(share(planes, part, parts), share(planes, part + 1, parts)):
    w_at = plane * taps
    for t in range(taps):
        p_dw[w_at + t] = $zero
    for i_b in range(batch):
        item = i_b * planes + plane
        for i in range(height):
            to = at + (top + i) * padded_w + left
            x_at = (item * height + i) * width
            for j in range(width):
                p_image[to + j] = p_x[x_at + j]
        for i in range(out_height):
            to = at + i * step_h * padded_w
            y_at = (item * out_height + i) * out_width
            for j in range(out_width):
                p_spread[to + j * step_w] = p_dy[y_at + j]
        for t in range(taps):
            source = at + p_table[t]
            total = $zero
            for p in range(run):
                total = add(total, p_image[source + p] * p_spread[at + p])
            p_dw[w_at + t] += total\
"""
