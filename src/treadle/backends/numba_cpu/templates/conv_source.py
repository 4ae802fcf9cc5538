"""Source text of the convolution kernels: packing weights, the gathered product in two forms, the filters'
gradient.

Input: structure (element type, tile). Output: kernel source text and the layouts of meta arrays. Geometry is
in tables of offsets, so that one compiled kernel serves every kernel size, stride, padding, dilation and
group count.
"""

from __future__ import annotations

from string import Template
from textwrap import indent
from typing import TYPE_CHECKING

from treadle.backends.numba_cpu.templates.layout import MetaLayout, buffers, numbers
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.templates.tiles import Tile

_IMAGE = numbers("channels", "height", "width", "top", "left", "padded_h", "padded_w", "pads", "x_b")
"""Where an image lies and how it is padded: `channels` of all groups, `x_b` elements from image to image."""


def weights_layout(dtype: str) -> MetaLayout:
    """Return the words of the kernel that packs weights."""
    return buffers(("w", dtype), ("packed", dtype), ("table", "i64")) + numbers(
        "groups", "outputs", "depth", "panel_width", "taps_at", "w_group", "w_step"
    )


def product_layout(dtype: str) -> MetaLayout:
    """Return the words of the gathered product, in either form; an epilogue's follow."""
    roles = buffers(("x", dtype), ("panels", dtype), ("c", dtype), ("scratch", dtype), ("table", "i64"))
    extents = numbers("batch", "groups", "outputs", "pixels", "row_length", "depth", "c_b", "c_m")
    blocking = numbers(
        "k_block", "blocks", "pixel_block", "scratch_part", "pixels_at", "targets_at", "taps_at"
    )
    return roles + _IMAGE + extents + blocking + numbers("scattered", "epilogue")


def filter_grad_layout(dtype: str) -> MetaLayout:
    """Return the words of the filters' gradient."""
    roles = buffers(("x", dtype), ("dy", dtype), ("sums", dtype), ("scratch", dtype), ("table", "i64"))
    extents = numbers("batch", "groups", "outputs", "pixels", "depth", "dy_b")
    blocking = numbers(
        "chunks", "tap_block", "taps_held", "pixel_block", "scratch_part", "pixels_at", "taps_at"
    )
    return roles + _IMAGE + extents + blocking


def finish_layout(dtype: str) -> MetaLayout:
    """Return the words of the kernel that adds up partial sums."""
    return buffers(("sums", dtype), ("dw", dtype)) + numbers(
        "chunks", "groups", "outputs", "depth", "taps_held"
    )


def weights_text(dtype: str, tile: Tile) -> str:
    """Return the kernel that gathers weights into panels of `panel_width` outputs (1: one row per output)."""
    return _kernel(dtype, tile, "", [*weights_layout(dtype).prologue(), _WEIGHTS])


def filters_text(dtype: str, tile: Tile) -> str:
    """Return the gathered product with outputs along the vector: pixels are broadcast, results transposed."""
    return _kernel(dtype, tile, _GATHER_TOOLS, [*product_layout(dtype).prologue(), _FILTERS])


def pixels_text(dtype: str, tile: Tile) -> str:
    """Return the gathered product with pixels along the vector, for few outputs and unit steps."""
    return _kernel(dtype, tile, _SHIFT_TOOLS, [*product_layout(dtype).prologue(), _PIXELS])


def filter_grad_text(dtype: str, tile: Tile) -> str:
    """Return the filters' gradient: taps by filters, summed over pixels and images."""
    return _kernel(dtype, tile, _GATHER_TOOLS, [*filter_grad_layout(dtype).prologue(), _FILTER_GRAD])


def finish_text(dtype: str, tile: Tile) -> str:
    """Return the kernel that adds up the chunks' sums, in order, into dw."""
    return _kernel(dtype, tile, "", [*finish_layout(dtype).prologue(), _FINISH])


def _kernel(dtype: str, tile: Tile, tools: str, body: list[str]) -> str:
    body = [
        indent(_PAD, line[: line.index("$")]) if line.strip() == "$image" else line for line in _lines(body)
    ]
    template = f"{_IMPORTS}{tools}\ndef kernel(meta, part, parts):\n" + indent("\n".join(body), 4 * " ")
    element = ELEMENT_BYTES[dtype]
    names = {"dtype": dtype, "R": tile.rows, "V": tile.vectors, "L": tile.lanes, "W": tile.width}
    return Template(template).substitute(names, E=element, zero=f"float{8 * element}(0)") + "\n"


def _lines(body: list[str]) -> list[str]:
    return "\n".join(body).split("\n")


_IMPORTS = """\
from treadle.backends.numba_cpu.abi import *
from treadle.backends.numba_cpu.sync import call_kernel
from treadle.backends.numba_cpu.templates.micro import block_transpose, edge, tile
"""

_GATHER_TOOLS = """\
full_tile = tile("gathered", "$dtype", $R, $V, $L)
flip = block_transpose("$dtype", $L)
"""

_SHIFT_TOOLS = """\
full_tile = tile("shifted", "$dtype", $R, $V, $L)
edge_tile = edge("shifted", "$dtype", $R, $V, $L)
"""

_WEIGHTS = """\
panels = (outputs + panel_width - 1) // panel_width
for number in range(share(groups * panels, part, parts), share(groups * panels, part + 1, parts)):
    group = number // panels
    n = (number - group * panels) * panel_width
    width = outputs - n if n + panel_width > outputs else panel_width
    w_at = group * w_group + n * w_step
    for k in range(depth):
        to = (number * depth + k) * panel_width
        tap = w_at + p_table[taps_at + k]
        for q in range(width):
            p_packed[to + q] = p_w[tap + q * w_step]
        for q in range(width, panel_width):
            p_packed[to + q] = $zero\
"""

_FILTERS = """\
at_block = part * scratch_part + 64 // $E
at_image = at_block + pixel_block * $W
call = i64_at(m[3] + $E * part * scratch_part)
blocks_of_image = (pixels + pixel_block - 1) // pixel_block
panels_of_group = (outputs + $W - 1) // $W
image_in_scratch = -1
last_item = share(batch * blocks_of_image, part + 1, parts)
for item in range(share(batch * blocks_of_image, part, parts), last_item):
    i_b = item // blocks_of_image
    p_0 = (item - i_b * blocks_of_image) * pixel_block
    p_1 = pixels if p_0 + pixel_block > pixels else p_0 + pixel_block
    $image
    for group in range(groups):
        source = image + $E * group * (channels // groups) * padded_h * padded_w
        for n in range(0, outputs, $W):
            wide = outputs - n if n + $W > outputs else $W
            panel = m[1] + $E * (group * panels_of_group * $W + n) * depth
            for block in range(blocks):
                k_0 = block * k_block
                count = depth - k_0 if k_0 + k_block > depth else k_block
                fresh = 1 if block == 0 else 0
                taps = m[4] + 8 * (taps_at + k_0)
                rows = panel + $E * k_0 * $W
                for p in range(p_0, p_1, $R):
                    to = m[3] + $E * (at_block + (p - p_0) * $W)
                    starts = m[4] + 8 * (pixels_at + p)
                    full_tile(source, starts, taps, rows, $W, to, $W, count, fresh)
            row = group * outputs + n
            c_at = i_b * c_b + row * c_m
            p = p_0
            if scattered != 0:
                for q in range(wide):
                    for p in range(p_0, p_1):
                        target = c_at + q * c_m + p_table[targets_at + p]
                        p_c[target] = p_scratch[at_block + (p - p_0) * $W + q]
            else:
                if wide == $W:
                    while p + $L <= p_1:
                        for q in range(0, $W, $L):
                            flip(m[2] + $E * (c_at + q * c_m + p), c_m,
                                 m[3] + $E * (at_block + (p - p_0) * $W + q), $W)
                        p += $L
                for q in range(wide):
                    for r in range(p, p_1):
                        p_c[c_at + q * c_m + r] = p_scratch[at_block + (r - p_0) * $W + q]
            if epilogue != 0:
                call[0] = i_b
                call[1] = row
                call[2] = row + wide
                call[3] = p_0
                call[4] = p_1
                call_kernel(epilogue, meta, m[3] + $E * part * scratch_part, 0)\
"""

_PIXELS = """\
at_image = part * scratch_part + 64 // $E
call = i64_at(m[3] + $E * part * scratch_part)
rows_of_image = pixels // row_length
image_in_scratch = -1
taps = m[4] + 8 * taps_at
for item in range(share(batch * rows_of_image, part, parts), share(batch * rows_of_image, part + 1, parts)):
    i_b = item // rows_of_image
    p_0 = (item - i_b * rows_of_image) * row_length
    $image
    for group in range(groups):
        source = image + $E * (group * (channels // groups) * padded_h * padded_w + p_table[pixels_at + p_0])
        for n in range(0, outputs, $R):
            tall = outputs - n if n + $R > outputs else $R
            weights = m[1] + $E * (group * outputs + n) * depth
            row = group * outputs + n
            for q in range(0, row_length, $W):
                wide = row_length - q if q + $W > row_length else $W
                to = m[2] + $E * (i_b * c_b + row * c_m + p_0 + q)
                if tall == $R and wide == $W:
                    full_tile(weights, depth, 1, source + $E * q, taps, to, c_m, depth, 1)
                else:
                    edge_tile(weights, depth, 1, source + $E * q, taps, to, c_m, depth, 1, tall, wide)
            if epilogue != 0:
                call[0] = i_b
                call[1] = row
                call[2] = row + tall
                call[3] = p_0
                call[4] = p_0 + row_length
                call_kernel(epilogue, meta, m[3] + $E * part * scratch_part, 0)\
"""

_FILTER_GRAD = """\
panels_of_group = (outputs + $W - 1) // $W
tap_blocks = (depth + tap_block - 1) // tap_block
at_panels = part * scratch_part
at_image = at_panels + panels_of_group * pixel_block * $W
image_in_scratch = -1
for item in range(share(chunks * tap_blocks, part, parts), share(chunks * tap_blocks, part + 1, parts)):
    chunk = item // tap_blocks
    t_0 = (item - chunk * tap_blocks) * tap_block
    t_1 = depth if t_0 + tap_block > depth else t_0 + tap_block
    first = share(batch, chunk, chunks)
    for i_b in range(first, share(batch, chunk + 1, chunks)):
        $image
        for group in range(groups):
            source = image + $E * group * (channels // groups) * padded_h * padded_w
            sums_at = (chunk * groups + group) * panels_of_group * taps_held * $W
            for p_0 in range(0, pixels, pixel_block):
                count = pixels - p_0 if p_0 + pixel_block > pixels else pixel_block
                fresh = 1 if i_b == first and p_0 == 0 else 0
                for n in range(0, outputs, $W):
                    wide = outputs - n if n + $W > outputs else $W
                    y_at = i_b * dy_b + (group * outputs + n) * pixels + p_0
                    to = at_panels + n * pixel_block
                    p = 0
                    if wide == $W:
                        while p + $L <= count:
                            for q in range(0, $W, $L):
                                flip(m[3] + $E * (to + p * $W + q), $W,
                                     m[1] + $E * (y_at + q * pixels + p), pixels)
                            p += $L
                    while p < count:
                        for q in range($W):
                            p_scratch[to + p * $W + q] = p_dy[y_at + q * pixels + p] if q < wide else $zero
                        p += 1
                    steps = m[4] + 8 * (pixels_at + p_0)
                    rows = m[3] + $E * to
                    for t in range(t_0, t_1, $R):
                        goal = m[2] + $E * (sums_at + (n // $W * taps_held + t) * $W)
                        starts = m[4] + 8 * (taps_at + t)
                        full_tile(source, starts, steps, rows, $W, goal, $W, count, fresh)\
"""

_FINISH = """\
panels_of_group = (outputs + $W - 1) // $W
filters = groups * outputs
step = groups * panels_of_group * taps_held * $W
for f in range(share(filters, part, parts), share(filters, part + 1, parts)):
    group = f // outputs
    n = f - group * outputs
    panel = n // $W
    at = (group * panels_of_group + panel) * taps_held * $W + n - panel * $W
    for t in range(depth):
        total = p_sums[at + t * $W]
        for chunk in range(1, chunks):
            total += p_sums[at + t * $W + chunk * step]
        p_dw[f * depth + t] = total\
"""

_PAD = """\
image = m[0] + $E * i_b * x_b
if pads != 0:
    image = m[3] + $E * at_image
    if i_b != image_in_scratch:
        image_in_scratch = i_b
        for c in range(channels):
            for i in range(padded_h):
                to = at_image + (c * padded_h + i) * padded_w
                row = i - top
                if row < 0 or row >= height:
                    for j in range(padded_w):
                        p_scratch[to + j] = $zero
                else:
                    x_at = i_b * x_b + (c * height + row) * width
                    for j in range(left):
                        p_scratch[to + j] = $zero
                    for j in range(width):
                        p_scratch[to + left + j] = p_x[x_at + j]
                    for j in range(left + width, padded_w):
                        p_scratch[to + j] = $zero
"""
