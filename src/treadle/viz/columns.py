"""Long pictures in columns, as text is: cut where few arrows cross, so that a picture fits on a page.

Input: a `Picture`. Output: one whose arrows from column to column are loose, so that each column begins
at the top. Non-goals: layout.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from math import ceil, sqrt

from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import Kind, Path
from treadle.viz.style import FLAT, Role

_ROW, _BOX = 0.8, 1.8  # inches that a row is high and a box wide, about
_TALLEST = 1.6  # times the width
_SHORTEST = 28  # rows that are never cut
_MOST_CROSSING = 3  # boxes whose arrows may cross a cut
_LEAVES = {Kind.INPUT, Kind.PARAM, Kind.STATE}


def in_columns(picture: Picture) -> Picture:
    """The picture, cut into columns where it is much taller than wide; as it is where it cannot be cut."""
    rows = _rows(picture)
    cuts = _cuts(picture, rows) if max(rows.values(), default=0) >= _SHORTEST else []
    if not cuts:
        return picture
    column = {key: sum(cut <= row for cut in cuts) for key, row in rows.items()}
    arrows = [
        replace(arrow, loose=arrow.loose or column[arrow.tail] != column[arrow.head])
        for arrow in picture.arrows
    ]
    tops = [_top(picture.boxes, rows, column, number) for number in range(len(cuts) + 1)]
    for left, top in enumerate(tops[1:]):
        beside = _top(picture.boxes, rows, column, left, top.path[:-1])
        arrows.append(Arrow(beside.key, top.key, "", Role.ASIDE))
    return replace(picture, arrows=tuple(arrows), columns=tuple(top.key for top in tops))


def _rows(picture: Picture) -> dict[str, int]:
    """The row of each box, about as the layout will choose it; nothing where arrows go round in a circle."""
    above: dict[str, list[tuple[str, int]]] = {box.key: [] for box in picture.boxes}
    below: dict[str, list[tuple[str, int]]] = {box.key: [] for box in picture.boxes}
    for arrow in picture.arrows:
        if not arrow.loose:
            upper, lower = picture.ends(arrow)
            step = 0 if arrow.role in FLAT else 1
            above[lower].append((upper, step))
            below[upper].append((lower, step))
    try:
        order = list(
            TopologicalSorter({key: [up for up, _ in ups] for key, ups in above.items()}).static_order()
        )
    except CycleError:
        return {}
    rows: dict[str, int] = {}
    for key in order:
        rows[key] = max((rows[up] + step for up, step in above[key]), default=0)
    for key in reversed(order):
        if not above[key] and below[key]:
            rows[key] = min(rows[down] - step for down, step in below[key])
    return rows


def _cuts(picture: Picture, rows: Mapping[str, int]) -> list[int]:
    """The rows at which columns begin, but for the first."""
    height = max(rows.values()) + 1
    width = _BOX * sqrt(max(Counter(rows.values()).values()))
    count = ceil(sqrt(height * _ROW / (_TALLEST * width)))
    crossing = _crossing(picture, rows, height)
    splits = _splits(picture, rows, height)
    slack = height // (2 * count)
    fewest = min(splits[slack : height - slack], default=0)
    cuts = []
    for number in range(1, count):
        target = height * number // count
        near = range(max(1, target - slack), min(height, target + slack + 1))
        best = min(near, key=lambda row: (splits[row], crossing[row], abs(row - target)))
        if crossing[best] <= _MOST_CROSSING and splits[best] == fewest:
            cuts.append(best)
    return sorted(set(cuts))


def _crossing(picture: Picture, rows: Mapping[str, int], height: int) -> list[int]:
    """For each row, from how many boxes above it arrows lead to or below it."""
    lowest: dict[str, int] = {}
    for arrow in picture.arrows:
        if not arrow.loose:
            upper, lower = picture.ends(arrow)
            lowest[upper] = max(lowest.get(upper, 0), rows[lower])
    return [sum(rows[key] < row <= low for key, low in lowest.items()) for row in range(height)]


def _splits(picture: Picture, rows: Mapping[str, int], height: int) -> list[int]:
    """For each row, how many layers begin above it and go on at or below it."""
    spans: dict[Path, tuple[int, int]] = {}
    for box in picture.boxes:
        for end in range(1, len(box.path) + 1):
            first, last = spans.get(box.path[:end], (height, 0))
            spans[box.path[:end]] = min(first, rows[box.key]), max(last, rows[box.key])
    return [sum(first < row <= last for first, last in spans.values()) for row in range(height)]


def _top(
    boxes: Sequence[Box], rows: Mapping[str, int], column: Mapping[str, int], number: int, near: Path = ()
) -> Box:
    """The first of the uppermost boxes of a column; leaves and boxes outside the layer `near` come last."""
    own = [box for box in boxes if column[box.key] == number]
    return min(own, key=lambda box: (box.kind in _LEAVES, box.path[: len(near)] != near, rows[box.key]))
