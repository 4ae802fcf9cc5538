"""The gradient of a convolution with respect to its filters: dw[f, t] = sum over images and pixels of x * dy.

Input: an element type and a `ConvGeometry`. Output: a `Plan` with roles x, dy, dw. Taps are the rows of the
product, filters lie along the vector, pixels are summed. The batch is cut into chunks whose sums are added up
in order; how many depends on sizes only, so the result is the same for any number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.templates import conv_source
from treadle.backends.numba_cpu.templates.conv_product import image_numbers, repeat_last
from treadle.backends.numba_cpu.templates.depthwise import depthwise_filter_grad_plan, is_depthwise
from treadle.backends.numba_cpu.templates.geometry import forward_correlation
from treadle.backends.numba_cpu.templates.plan import LINE_BYTES, Plan, Step, aligned
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES, Tile, tile_shape

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.templates.geometry import ConvGeometry, Correlation

PIXEL_BLOCK = 512
"""Most pixels of the output's gradient that are packed at a time."""
MOST_CHUNKS = 8
SUMS_BYTES = 2 * 1024 * 1024
"""Most bytes of partial gradients; bigger gradients are divided by taps instead."""
TAP_BLOCK_TILES = 8


def conv_filter_grad_plan(dtype: str, geometry: ConvGeometry, parts: int) -> Plan:
    """Return dw[f, c, i, j] from x and dy: the partial sums, then their total."""
    if is_depthwise(geometry):
        return depthwise_filter_grad_plan(dtype, geometry, parts)
    c, tile = forward_correlation(geometry), tile_shape(dtype)
    chunks = _chunks(dtype, geometry, c, tile)
    sums = aligned(chunks * _sum_elements(geometry, c, tile) * ELEMENT_BYTES[dtype])
    part = _part_elements(dtype, geometry, c, tile)
    steps = (_sums_step(dtype, geometry, c, chunks, part, sums), _finish_step(dtype, geometry, c, chunks))
    return Plan(
        steps,
        sums + parts * part * ELEMENT_BYTES[dtype],
        np.concatenate((c.pixels, repeat_last(c.taps, tile.rows))),
    )


def _sum_elements(geometry: ConvGeometry, c: Correlation, tile: Tile) -> int:
    """Return the elements of one chunk's sums."""
    panels = -(-geometry.group_filters // tile.width)
    return geometry.groups * panels * tile.width * _taps_held(c, tile)


def _taps_held(c: Correlation, tile: Tile) -> int:
    """Return the taps that sums have room for: whole tiles."""
    return -(-c.taps.size // tile.rows) * tile.rows


def _chunks(dtype: str, geometry: ConvGeometry, c: Correlation, tile: Tile) -> int:
    affordable = SUMS_BYTES // max(1, _sum_elements(geometry, c, tile) * ELEMENT_BYTES[dtype])
    return max(1, min(MOST_CHUNKS, affordable, geometry.batch))


def _pixel_block(c: Correlation) -> int:
    return max(1, min(PIXEL_BLOCK, c.pixels.size))


def _part_elements(dtype: str, geometry: ConvGeometry, c: Correlation, tile: Tile) -> int:
    """Return the elements of one part: packed gradients of a block of pixels, a padded image."""
    element = ELEMENT_BYTES[dtype]
    panels = -(-geometry.group_filters // tile.width) * tile.width * _pixel_block(c)
    image = geometry.channels * c.padded[0] * c.padded[1]
    return aligned(LINE_BYTES + (panels + image) * element) // element


def _sums_step(
    dtype: str, geometry: ConvGeometry, c: Correlation, chunks: int, part: int, sums_bytes: int
) -> Step:
    layout, tile = conv_source.filter_grad_layout(dtype), tile_shape(dtype)
    numbers = image_numbers(c.image, c.border, geometry.channels) | {
        "batch": geometry.batch,
        "groups": geometry.groups,
        "outputs": c.outputs,
        "pixels": c.pixels.size,
        "depth": c.taps.size,
        "dy_b": geometry.filters * c.pixels.size,
        "chunks": chunks,
        "tap_block": max(1, c.taps.size) if chunks > 1 else TAP_BLOCK_TILES * tile.rows,
        "taps_held": _taps_held(c, tile),
        "pixel_block": _pixel_block(c),
        "scratch_part": part,
        "pixels_at": 0,
        "taps_at": c.pixels.size,
    }
    source = KernelSource(f"conv_filter_grad_{dtype}", conv_source.filter_grad_text(dtype, tile))
    slots = layout.slots(roles={"sums": "scratch"}, offsets={"scratch": sums_bytes})
    return Step(source, layout.meta(numbers), slots)


def _finish_step(dtype: str, geometry: ConvGeometry, c: Correlation, chunks: int) -> Step:
    layout, tile = conv_source.finish_layout(dtype), tile_shape(dtype)
    numbers = {
        "chunks": chunks,
        "groups": geometry.groups,
        "outputs": c.outputs,
        "depth": c.taps.size,
        "taps_held": _taps_held(c, tile),
    }
    source = KernelSource(f"conv_finish_{dtype}", conv_source.finish_text(dtype, tile))
    return Step(source, layout.meta(numbers), layout.slots(roles={"sums": "scratch"}), parallel=False)
