"""One gathered product of a convolution: which form it takes, its tables, its steps.

Input: a `Correlation` and its place in the tensors. Output: steps for a `Plan`. Non-goals: geometry
(geometry.py) and source text (conv_source.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu.kernel import KernelSource
from treadle.backends.numba_cpu.templates import conv_source
from treadle.backends.numba_cpu.templates.epilogue import Epilogue, operand_strides
from treadle.backends.numba_cpu.templates.epilogue_source import epilogue_layout, epilogue_text
from treadle.backends.numba_cpu.templates.plan import LINE_BYTES, Step, aligned
from treadle.backends.numba_cpu.templates.tiles import ELEMENT_BYTES, Tile, narrow_tile, tile_shape

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.program import Words
    from treadle.backends.numba_cpu.templates.geometry import ConvGeometry, Correlation

K_BLOCK = 384
"""Most terms of a sum before the partial sums go back to memory."""
PIXEL_BLOCK = 96
"""About how many pixels share a panel of weights while it is in the first-level cache."""
TRANSPOSE_LOSS = 0.9
"""What is left of the speed with outputs along the vector, whose results must be transposed."""
PARALLEL_WORK = 100_000
"""Multiply-adds from which sharing among threads pays."""


@dataclass(frozen=True, eq=False)
class ConvProduct:
    """A correlation at work: its roles (image, result), the result's plane, the weights' step from group to
    group."""

    dtype: str
    geometry: ConvGeometry
    correlation: Correlation
    epilogue: Epilogue
    roles: tuple[str, str]
    plane: int
    weight_group: int

    @cached_property
    def pixels_along_vector(self) -> bool:
        """Whether few outputs make it better to let neighbouring pixels fill the vector."""
        c, wide, narrow = self.correlation, tile_shape(self.dtype), narrow_tile(self.dtype)
        by_outputs = _use(c.outputs, wide.width) * TRANSPOSE_LOSS
        by_pixels = _use(c.outputs, narrow.rows) * _use(c.row_length, narrow.width)
        return c.unit_step and self._is_dense and by_pixels > by_outputs

    @property
    def _is_dense(self) -> bool:
        """Whether the product writes every position of the plane, in order."""
        return self.correlation.targets.size == self.plane

    @property
    def tile(self) -> Tile:
        """The tile of the chosen form."""
        return narrow_tile(self.dtype) if self.pixels_along_vector else tile_shape(self.dtype)

    @property
    def _panel_width(self) -> int:
        return 1 if self.pixels_along_vector else self.tile.width

    @property
    def _weights_in_place(self) -> bool:
        """Whether the weights already lie as rows of taps."""
        c = self.correlation
        return self.pixels_along_vector and c.weight_step == c.taps.size == c.weight_taps[-1:].sum() + 1

    def table(self) -> Words:
        """Return the tables: pixels, targets, taps, weight taps."""
        c = self.correlation
        return np.concatenate((self._pixels(), c.targets, c.taps, c.weight_taps)).astype(np.int64)

    def _pixels(self) -> Words:
        """Return the pixels, the last one repeated to fill a tile: tiles need no edge, sums have room for
        it."""
        return repeat_last(self.correlation.pixels, self.tile.rows)

    def scratch_bytes(self, parts: int) -> int:
        """Return the packed weights' bytes and each part's."""
        return self._packed_bytes() + parts * self._part_elements() * ELEMENT_BYTES[self.dtype]

    def steps(self, table_at: int, parts: int) -> list[Step]:
        """Return the calls; the tables begin at word `table_at`."""
        del parts
        product = self._product_step(table_at)
        return [product] if self._weights_in_place else [self._weights_step(table_at), product]

    def _packed_bytes(self) -> int:
        if self._weights_in_place:
            return 0
        panels = -(-self.correlation.outputs // self._panel_width)
        elements = self.geometry.groups * panels * self._panel_width * self.correlation.taps.size
        return aligned(elements * ELEMENT_BYTES[self.dtype])

    def _part_elements(self) -> int:
        """Return the elements of one part: the epilogue's call, a block of sums, a padded image."""
        element, c = ELEMENT_BYTES[self.dtype], self.correlation
        sums = 0 if self.pixels_along_vector else self._pixel_block * self.tile.width
        image = self._channels * c.padded[0] * c.padded[1] if self._pads else 0
        return aligned(LINE_BYTES + (sums + image) * element) // element

    @property
    def _channels(self) -> int:
        return self.geometry.groups * self.correlation.image[0]

    @property
    def _pads(self) -> bool:
        return any(map(any, self.correlation.border))

    @property
    def _pixel_block(self) -> int:
        """Return a number of pixels that whole tiles and whole transposed blocks divide."""
        unit = int(np.lcm(self.tile.rows, self.tile.lanes))
        return -(-PIXEL_BLOCK // unit) * unit

    def _weights_step(self, table_at: int) -> Step:
        c, layout = self.correlation, conv_source.weights_layout(self.dtype)
        numbers = {
            "groups": self.geometry.groups,
            "outputs": c.outputs,
            "depth": c.taps.size,
            "panel_width": self._panel_width,
            "taps_at": table_at + self._pixels().size + c.targets.size + c.taps.size,
            "w_group": self.weight_group,
            "w_step": c.weight_step,
        }
        source = KernelSource(f"conv_weights_{self.dtype}", conv_source.weights_text(self.dtype, self.tile))
        shared = self.geometry.groups * c.outputs * c.taps.size * 8 >= PARALLEL_WORK
        return Step(source, layout.meta(numbers), layout.slots(roles={"packed": "scratch"}), shared)

    def _product_step(self, table_at: int) -> Step:
        layout = conv_source.product_layout(self.dtype) + epilogue_layout(self.dtype, self.epilogue)
        numbers = self._image_numbers() | self._extents() | self._blocking(table_at)
        numbers |= {"epilogue": 0, **self._operand_numbers()}
        text = conv_source.pixels_text if self.pixels_along_vector else conv_source.filters_text
        source = KernelSource(f"conv_{self.dtype}", text(self.dtype, self.tile))
        image, result = self.roles
        roles = {"x": image, "c": result, "panels": "w" if self._weights_in_place else "scratch"}
        slots = layout.slots(roles=roles, offsets={"scratch": self._packed_bytes()})
        c = self.correlation
        work = self.geometry.batch * self.geometry.groups * c.outputs * c.pixels.size * c.taps.size
        return Step(
            source,
            layout.meta(numbers),
            slots,
            work >= PARALLEL_WORK,
            self._callees(layout.index("epilogue")),
        )

    def _callees(self, index: int) -> tuple[tuple[int, KernelSource], ...]:
        if self.epilogue.is_identity:
            return ()
        text = epilogue_text(self.dtype, conv_source.product_layout(self.dtype), self.epilogue)
        return ((index, KernelSource("epilogue", text)),)

    def _image_numbers(self) -> dict[str, int]:
        return image_numbers(self.correlation.image, self.correlation.border, self._channels)

    def _extents(self) -> dict[str, int]:
        c, groups = self.correlation, self.geometry.groups
        return {
            "batch": self.geometry.batch,
            "groups": groups,
            "outputs": c.outputs,
            "pixels": c.pixels.size,
            "row_length": c.row_length,
            "depth": c.taps.size,
            "c_b": groups * c.outputs * self.plane,
            "c_m": self.plane,
        }

    def _blocking(self, table_at: int) -> dict[str, int]:
        c = self.correlation
        blocks = max(1, -(-c.taps.size // K_BLOCK))
        return {
            "k_block": max(1, -(-c.taps.size // blocks)),
            "blocks": blocks,
            "pixel_block": self._pixel_block,
            "scratch_part": self._part_elements(),
            "pixels_at": table_at,
            "targets_at": table_at + self._pixels().size,
            "taps_at": table_at + self._pixels().size + c.targets.size,
            "scattered": int(not self._is_dense),
        }

    def _operand_numbers(self) -> dict[str, int]:
        full = (self._extents()["c_b"], self.plane)
        return operand_strides(self.epilogue, full)


def image_numbers(
    image: tuple[int, int, int], border: tuple[tuple[int, int], tuple[int, int]], channels: int
) -> dict[str, int]:
    """Return the words that describe images of `channels` channels in all and their borders."""
    _, height, width = image
    (top, bottom), (left, right) = border
    return {
        "channels": channels,
        "height": height,
        "width": width,
        "top": top,
        "left": left,
        "padded_h": height + top + bottom,
        "padded_w": width + left + right,
        "pads": int(any((top, bottom, left, right))),
        "x_b": channels * height * width,
    }


def _use(count: int, width: int) -> float:
    """Return which fraction of vectors (or tiles) of `width` is put to use."""
    return count / (-(-max(count, 1) // width) * width)


def repeat_last(offsets: Words, multiple: int) -> Words:
    """Return offsets with the last one repeated until their number is a multiple."""
    return np.pad(offsets, (0, -offsets.size % multiple), "edge") if offsets.size else offsets
