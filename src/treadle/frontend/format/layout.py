"""Puts the pieces of a text in their places and prints them.

Input: a source. Output: its text in the uniform layout. Raises TreadleError for syntax errors, and E1101
should the result ever say something else than the text did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.format.breaks import MAX_LINE, break_line
from treadle.frontend.format.columns import column_groups
from treadle.frontend.format.pieces import COMMENT, Line, Piece, lines_of
from treadle.frontend.format.places import Place, Placer
from treadle.frontend.format.spacing import gap, is_prefix
from treadle.frontend.parser import parse
from treadle.source import Source

__all__ = ["MAX_LINE", "format_source"]


def format_source(source: Source) -> str:
    """The text of `source` in the uniform layout.

    Raises:
        TreadleError: E01xx when it is no spec.
    """
    spec = parse(source)
    lines = lines_of(source, spec)
    sheet = _arranged(lines)
    while (broken := _broken(lines, sheet)) is not None:
        lines = broken
        sheet = _arranged(lines)
    text = "".join(_printed(line, sheet) for line in lines)
    _check_meaning(source, spec, text)
    return text


@dataclass
class _Sheet:
    """What is known about the places of lines and pieces."""

    places: dict[Line, Place] = field(default_factory=dict)
    gaps: dict[Piece, int] = field(default_factory=dict)
    around: dict[Piece, str] = field(default_factory=dict)
    columns: dict[Piece, int] = field(default_factory=dict)


def _arranged(lines: Sequence[Line]) -> _Sheet:
    """Place all pieces; pieces that share a column move right together until all of them fit."""
    sheet = _placed(lines, {})
    groups = column_groups(lines, sheet.places, sheet.gaps)
    while True:
        least = {piece: max(sheet.columns[other] for other in group) for piece, group in groups.items()}
        moved = _placed(lines, least)
        if moved.columns == sheet.columns:
            return moved
        sheet = moved


def _placed(lines: Sequence[Line], least: Mapping[Piece, int]) -> _Sheet:
    """Place all pieces, none left of its `least` column."""
    sheet, placer = _Sheet(), Placer()
    code = [piece for line in lines for piece in line.pieces if piece.kind != COMMENT]
    upcoming = iter(code)
    following = next(upcoming, None)
    for line in lines:
        place = placer.place(line.pieces[0], following)
        indent = place.indent if place.anchor is None else sheet.columns[place.anchor]
        sheet.places[line] = place
        _place_line(line, indent, placer, sheet, least)
        for piece in line.pieces:
            if piece is following:
                following = next(upcoming, None)
    return sheet


def _place_line(line: Line, indent: int, placer: Placer, sheet: _Sheet, least: Mapping[Piece, int]) -> None:
    column, before, prefix = indent, None, False
    for piece in line.pieces:
        if before is not None:
            sheet.gaps[piece] = gap(before, piece, placer.around, prefix=prefix)
            column = max(column + sheet.gaps[piece], least.get(piece, 0))
        sheet.columns[piece], sheet.around[piece] = column, placer.around
        prefix = is_prefix(placer.last, piece)
        placer.read(piece, indent)
        column, before = column + len(piece.text), piece
    placer.end_line()


def _broken(lines: Sequence[Line], sheet: _Sheet) -> list[Line] | None:
    """The lines with those that are too long cut once; None when none can be cut."""
    result: list[Line] = []
    index, found = 0, False
    while index < len(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        cut = break_line(lines[index], sheet.columns, following)
        if cut is None:
            result.append(lines[index])
            index += 1
        else:
            result.extend(cut)
            index, found = index + 2, True
    return result if found else None


def _printed(line: Line, sheet: _Sheet) -> str:
    text = ""
    for piece in line.pieces:
        text = text.ljust(sheet.columns[piece]) + piece.text
    return ("\n" if line.spaced else "") + text + "\n"


def _check_meaning(source: Source, spec: ast.Spec, text: str) -> None:
    again = parse(Source(source.name, text))
    kept = [comment.rstrip() for _, comment in spec.comments] == [comment for _, comment in again.comments]
    if again != spec or not kept:
        fail("E1101", f"formatting {source.name} would change what it says; it was left as it is")
