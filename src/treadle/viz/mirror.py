"""Turns a laid-out picture round where its columns came out from right to left.

Input: dot text with positions, as Graphviz writes it. Output: the same with left and right exchanged, but for
words and the legend. Non-goals: layout, running Graphviz.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_STRING = r'"(?:[^"\\]|\\.)*"'
_STATEMENT = re.compile(rf'^(\s*)(\w+)((?: -> \w+)?\s*)\[((?:[^"\]]|{_STRING})*)\]', re.MULTILINE)
_BOUNDS = re.compile(r'\bbb="([^"]*)"')
_PLACE = re.compile(r'\blp="([^"]*)"')
_POINTS = re.compile(r'\b(pos|lp)="([^"]*)"')
_LEGEND = "legend"

_Turn = Callable[[float], float]  # from the old x to the new one


def mirrored(laid_out: str, columns: Sequence[str]) -> str:
    """The text turned round, or as it is where the columns read from left to right.

    Args:
        laid_out: boxes have names of letters and digits; those of the legend begin with `legend`.
        columns: a box of each column.
    """
    text = laid_out.replace("\\\n", "")
    places = _places(text)
    bounds = _BOUNDS.search(text)
    order = [places[key] for key in columns]
    if bounds is None or order == sorted(order):
        return text
    width = float(bounds[1].split(",")[2])
    own = [x for key, x in places.items() if key.startswith(_LEGEND)]
    shift = width - max(own, default=0.0) - min(own, default=0.0)

    def turned(found: re.Match[str]) -> str:
        before, name, head, attributes = found.groups()
        if name == "graph":
            return f"{before}{name}{head}[{_frame(attributes, width)}]"
        in_legend = name.startswith(_LEGEND)
        return f"{before}{name}{head}[{_moved(attributes, lambda x: x + shift if in_legend else width - x)}]"

    return _STATEMENT.sub(turned, text)


def _places(text: str) -> dict[str, float]:
    """The x of each box."""
    places = {}
    for _, name, head, attributes in _STATEMENT.findall(text):
        position = _POINTS.search(attributes)
        if "->" not in head and position is not None:
            places[name] = float(position[2].split(",")[0])
    return places


def _frame(attributes: str, width: float) -> str:
    """Attributes of a frame: its words keep their distance from its left side."""
    bounds = _BOUNDS.search(attributes)
    if bounds is None:
        return attributes
    left, bottom, right, top = map(float, bounds[1].split(","))
    words = _PLACE.search(attributes)
    if words is not None:
        x, y = map(float, words[1].split(","))
        attributes = _PLACE.sub(f'lp="{width - right + x - left:g},{y:g}"', attributes)
    return _BOUNDS.sub(f'bb="{width - right:g},{bottom:g},{width - left:g},{top:g}"', attributes)


def _moved(attributes: str, turn: _Turn) -> str:
    """Attributes with other positions; the points of an arrow may begin with the letters e and s."""

    def point(text: str) -> str:
        *letter, x, y = text.split(",")
        return ",".join([*letter, f"{turn(float(x)):g}", y])

    def points(found: re.Match[str]) -> str:
        return f'{found[1]}="{" ".join(point(text) for text in found[2].split(" "))}"'

    return _POINTS.sub(points, attributes)
