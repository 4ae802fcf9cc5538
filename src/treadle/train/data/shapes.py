"""Pictures of coloured shapes, a class for each pixel, a box around each shape: `shapes(2000, size = 32)`.

Columns: `images` f32[n, 3, size, size] in [0, 1], `masks` i64[n, size, size], `boxes` f32[n, most, 4] (left,
top, right, bottom, in pixels) and `kinds` i64[n, most]. Classes are 0 for nothing, 1 square, 2 disc,
3 triangle. A picture has 1 to `most` shapes, which do not touch; the rest of its boxes is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Splits, make_table

Numbers = npt.NDArray[Any]

_NOISE = 0.1
_ATTEMPTS = 20  # to find room for a shape


def load_shapes(request: Request) -> Splits:
    """`shapes(count, size, most, seed, test, ...)`.

    Raises:
        TreadleError: E03xx and E0411 for wrong arguments, E0708 when a split would be empty.
    """
    count = request.integer("count", 2000, low=1, high=100_000)
    size = request.integer("size", 32, low=16, high=256)
    most = request.integer("most", 3, low=1, high=16)
    draw = np.random.default_rng(request.integer("seed", 0))
    scenes = [_scene(size, most, draw) for _ in range(count)]
    columns = {name: np.stack([scene[name] for scene in scenes]) for name in scenes[0]}
    return split_as_asked(make_table(columns, "`shapes`", request.span), request)


def _scene(size: int, most: int, draw: np.random.Generator) -> dict[str, Numbers]:
    """A picture with its mask and its boxes."""
    image = (_NOISE * draw.random((3, size, size))).astype(np.float32)
    mask = np.zeros((size, size), np.int64)
    boxes, kinds = np.zeros((most, 4), np.float32), np.zeros(most, np.int64)
    for place in range(int(draw.integers(1, most + 1))):
        box = _free_box(boxes[:place], size, draw)
        if box is None:
            break
        kind = int(draw.integers(len(_FORMS)))
        inside = _FORMS[kind](*_relative(box, size))
        image[:, inside] += draw.uniform(0.4, 0.9, (3, 1))
        mask[inside], boxes[place], kinds[place] = kind + 1, box, kind + 1
    return {"images": image, "masks": mask, "boxes": boxes, "kinds": kinds}


def _free_box(taken: Numbers, size: int, draw: np.random.Generator) -> Numbers | None:
    """A square of a random size and place that touches no other one."""
    for _ in range(_ATTEMPTS):
        side = int(draw.integers(size // 4, size // 2 + 1))
        left, top = draw.integers(0, size - side + 1, 2)
        box = np.array([left, top, left + side, top + side])
        apart = (box[:2] > taken[:, 2:]).any(axis=1) | (box[2:] < taken[:, :2]).any(axis=1)
        if apart.all():
            return box
    return None


def _relative(box: Numbers, size: int) -> tuple[Numbers, Numbers]:
    """Where each pixel lies in a box, from -1 to 1 along both axes."""
    middles = np.arange(size) + 0.5
    x, y = (2 * (middles - box[axis]) / (box[axis + 2] - box[axis]) - 1 for axis in (0, 1))
    return x[None, :], y[:, None]


def _square(x: Numbers, y: Numbers) -> Numbers:
    return np.maximum(np.abs(x), np.abs(y)) <= 1


def _disc(x: Numbers, y: Numbers) -> Numbers:
    return np.hypot(x, y) <= 1


def _triangle(x: Numbers, y: Numbers) -> Numbers:
    return np.logical_and(np.abs(y) <= 1, 2 * np.abs(x) <= y + 1)


_FORMS: tuple[Callable[[Numbers, Numbers], Numbers], ...] = (_square, _disc, _triangle)
