"""Small made-up data sets, the same for the same seed: `gaussians(8)`, `circles()`, `moons()`, `xor()`.

Columns: `points` f32[n, 2] and `labels` i64[n].
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table

Numbers = npt.NDArray[Any]

_MAX_COUNT = 10_000_000


def load_gaussians(request: Request) -> Splits:
    """`gaussians(modes, count, radius, deviation, seed, test, ...)`: bells around a circle."""
    modes = request.integer("modes", 8, low=1, high=1000)
    count = request.integer("count", 10_000, low=1, high=_MAX_COUNT)
    radius = request.number("radius", 2.0, low=0.0, high=1e6)
    deviation = request.number("deviation", 0.02, low=0.0, high=1e6)
    draw = np.random.default_rng(request.integer("seed", 0))
    labels = draw.integers(modes, size=count)
    centres = radius * _on_circle(2 * np.pi * labels / modes)
    return _splits(centres + deviation * draw.standard_normal((count, 2)), labels, request)


def load_circles(request: Request) -> Splits:
    """`circles(count, factor, noise, seed, test, ...)`: a ring (0) around a ring (1) of radius `factor`."""
    count, noise, draw = _common(request)
    factor = request.number("factor", 0.5, low=0.0, high=1.0)
    labels = draw.integers(2, size=count)
    points = _on_circle(draw.uniform(0, 2 * np.pi, count)) * np.where(labels, factor, 1.0)[:, None]
    return _splits(points + noise * draw.standard_normal((count, 2)), labels, request)


def load_moons(request: Request) -> Splits:
    """`moons(count, noise, seed, test, ...)`: two interleaved half circles."""
    count, noise, draw = _common(request)
    labels = draw.integers(2, size=count)
    arc = _on_circle(draw.uniform(0, np.pi, count))
    points = np.where(labels[:, None] == 0, arc, np.array([1.0, 0.5]) - arc)
    return _splits(points + noise * draw.standard_normal((count, 2)), labels, request)


def load_xor(request: Request) -> Splits:
    """`xor(repeat)`: the four points of exclusive or, `repeat` times."""
    repeat = request.integer("repeat", 1, low=1, high=_MAX_COUNT // 4)
    points = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), (repeat, 1))
    return _splits(points, points.sum(axis=1) % 2, request)


def _common(request: Request) -> tuple[int, float, np.random.Generator]:
    count = request.integer("count", 1000, low=1, high=_MAX_COUNT)
    noise = request.number("noise", 0.1, low=0.0, high=1e6)
    return count, noise, np.random.default_rng(request.integer("seed", 0))


def _on_circle(angle: Numbers) -> Numbers:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _splits(points: Numbers, labels: Numbers, request: Request) -> Splits:
    columns: dict[str, Array] = {"points": points.astype(np.float32), "labels": labels.astype(np.int64)}
    return split_as_asked(make_table(columns, f"`{request.loader}`", request.span), request)
