"""Pictures of one or two coloured shapes with a caption: `captions(4000, size = 16, test = 0.1)`.

Columns: `images` f32[n, 3, size, size] in [0, 1], `words` i64[n, 11] between a begin and an end mark, and
`lengths` i64[n]. A caption is "a red circle" or "a red circle above a blue square" (also "left of"); the
numbers of its words are their places in `SYMBOLS`. The same seed gives the same pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Splits, make_table
from treadle.train.data.vocabulary import RESERVED, encode

COLOURS = {
    "red": (1.0, 0.1, 0.1),
    "green": (0.1, 0.9, 0.1),
    "blue": (0.2, 0.2, 1.0),
    "yellow": (1.0, 0.9, 0.1),
}
SHAPES = ("circle", "square", "triangle")
SYMBOLS = [*RESERVED, "a", "above", "left", "of", *COLOURS, *SHAPES]

_LENGTH = 11  # the longest caption, nine words, and two marks
_NOISE = 0.05

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def load_captions(request: Request) -> Splits:
    """`captions(count, size, seed, test, validation, ...)`.

    Raises:
        TreadleError: E03xx and E0411 for wrong arguments, E0708 when a split would be empty.
    """
    count = request.integer("count", 4000, low=1, high=100_000)
    size = request.integer("size", 16, low=12, high=64)
    draw = np.random.default_rng(request.integer("seed", 0))
    drawn = [_scene(size, draw) for _ in range(count)]
    words, lengths = encode([caption for _, caption in drawn], SYMBOLS, _LENGTH, marked=True)
    columns: dict[str, Any] = {"images": np.stack([image for image, _ in drawn])}
    columns |= {"words": words, "lengths": lengths}
    return split_as_asked(make_table(columns, "`captions`", request.span), request)


def known_symbols(_request: Request) -> tuple[list[str], str]:
    """The words by their numbers, and what stands between two."""
    return SYMBOLS, " "


def _scene(size: int, draw: np.random.Generator) -> tuple[Pixels, list[str]]:
    """A picture and the words of its caption."""
    image: Pixels = (_NOISE * draw.random((3, size, size))).astype(np.float32)
    quarter, relation = size // 4, int(draw.integers(3))
    if relation == 0:
        return image, _paint(image, (size // 2, size // 2), draw)
    along = (quarter, size - quarter - 1)
    places = [(along[k], size // 2) if relation == 1 else (size // 2, along[k]) for k in range(2)]
    first, second = (_paint(image, place, draw) for place in places)
    return image, [*first, *(["above"] if relation == 1 else ["left", "of"]), *second]


def _paint(image: Pixels, place: tuple[int, int], draw: np.random.Generator) -> list[str]:
    """Draws a shape near a place; says what it is."""
    colour, shape = draw.choice(list(COLOURS)), str(draw.choice(SHAPES))
    size = image.shape[-1]
    radius = draw.uniform(0.8, 1.0) * size / 5
    row, column = np.array(place) + draw.uniform(-0.5, 0.5, size=2)
    y, x = np.mgrid[:size, :size]
    inside = _inside(shape, (y - row) / radius, (x - column) / radius)
    image[:, inside] = np.array(COLOURS[colour], np.float32)[:, None]
    return ["a", str(colour), shape]


def _inside(shape: str, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> Mask:
    """Which pixels belong to a shape of radius 1."""
    if shape == "circle":
        return np.asarray(y**2 + x**2 <= 1)
    if shape == "square":
        return np.asarray(np.maximum(abs(y), abs(x)) <= 0.9)
    return np.asarray((abs(y) <= 1) & (abs(x) <= (y + 1) / 2))
