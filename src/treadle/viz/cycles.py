"""Arrows that would make the layout go round in circles have no say in it.

Folded layers can read from each other, a layer that is called twice for instance. Graphviz fails on some such
circles inside frames. Input: a `Picture`. Output: one whose arrows that are not loose make no circle.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from treadle.viz.picture import Picture


def without_cycles(picture: Picture) -> Picture:
    """The picture with every arrow loose that leads back to a box on the way to it."""
    back = _back_arrows(picture)
    arrows = tuple(
        replace(arrow, loose=arrow.loose or number in back) for number, arrow in enumerate(picture.arrows)
    )
    return replace(picture, arrows=arrows)


def _back_arrows(picture: Picture) -> set[int]:
    """Numbers of the arrows that a walk in depth finds to lead to a box that it has not left yet."""
    below: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, arrow in enumerate(picture.arrows):
        if not arrow.loose:
            upper, lower = picture.ends(arrow)
            below[upper].append((lower, number))
    back: set[int] = set()
    entered: set[str] = set()
    left: set[str] = set()
    for box in picture.boxes:
        stack = [] if box.key in entered else [(box.key, iter(below[box.key]))]
        entered.add(box.key)
        while stack:
            key, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                left.add(key)
                stack.pop()
            elif step[0] not in entered:
                entered.add(step[0])
                stack.append((step[0], iter(below[step[0]])))
            elif step[0] not in left:
                back.add(step[1])
    return back
