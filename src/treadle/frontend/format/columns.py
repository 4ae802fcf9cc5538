"""Columns: pieces of neighbouring lines that authors placed below each other stay below each other.

Input: lines and where each begins. Output: groups of pieces that share a column. Two pieces belong together
when they stood in the same column and one of them had more space before it than it needs. Lines are
neighbours when they begin in the same way, or one begins below a piece of the other. Non-goals: which
column it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from treadle.frontend.format.pieces import Line, Piece
from treadle.frontend.format.places import Place


def column_groups(
    lines: Sequence[Line], places: Mapping[Line, Place], gaps: Mapping[Piece, int]
) -> dict[Piece, list[Piece]]:
    """For each piece that shares its column, the pieces it shares it with, itself included."""
    groups: dict[Piece, list[Piece]] = {}
    for upper, lower in pairwise(lines):
        if lower.number - upper.number == 1:
            for one, other in _matches(upper, lower, places):
                movable = gaps[one] > 0 and gaps[other] > 0
                if movable and (one.gap > gaps[one] or other.gap > gaps[other]):
                    _join(groups, one, other)
    return groups


def _matches(upper: Line, lower: Line, places: Mapping[Line, Place]) -> Iterator[tuple[Piece, Piece]]:
    after = _common_start(upper, lower, places)
    if after is None:
        return
    by_column = {piece.column: piece for piece in upper.pieces[1:] if piece.column > after}
    for piece in lower.pieces[1:]:
        if piece.column >= 0 and piece.column in by_column:
            yield by_column[piece.column], piece


def _common_start(upper: Line, lower: Line, places: Mapping[Line, Place]) -> int | None:
    """The column in the text right of which pieces may share columns; None when none may."""
    anchor = places[lower].anchor
    if anchor is not None and anchor in upper.pieces:
        return anchor.column
    same = anchor is places[upper].anchor and places[lower].brackets[-1] is places[upper].brackets[-1]
    return upper.pieces[0].column if same else None


def _join(groups: dict[Piece, list[Piece]], one: Piece, other: Piece) -> None:
    first, second = groups.get(one, [one]), groups.get(other, [other])
    joined = first if first is second else [*first, *second]
    for piece in joined:
        groups[piece] = joined
