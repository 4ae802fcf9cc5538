"""Cuts lines that are too long.

Input: a line, the columns of its pieces and the line after it. Output: lines in its place. A header is cut
before `->` or after `=`, a statement before its last `|>` that fits, else at an operator, else after a
comma of its widest bracket; what is cut off joins the next line where both stand in one bracket. Lines that
hold a whole block in braces stay long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from treadle.frontend.format.pieces import CLOSING, COMMENT, OPENING, Line, Piece

MAX_LINE = 110

_HEADERS = frozenset({"_FN", "_LAYER", "_OPTIMIZER", "_SCHEDULE", "_INIT"})
_OPERATORS = frozenset({"PLUS", "STAR", "SLASH", "AT", "AND", "OR", "_ELSE"})


@dataclass(frozen=True)
class _Cut:
    """A place where a line may be cut: before the piece `index`. Lower `order` is better."""

    order: tuple[int, ...]
    index: int
    depth: int


def break_line(line: Line, columns: Mapping[Piece, int], following: Line | None) -> list[Line] | None:
    """The lines in place of `line` and `following`; None when it is short enough or cannot be cut."""
    code = [piece for piece in line.pieces if piece.kind != COMMENT]
    if not code or _end(code[-1], columns) <= MAX_LINE or _holds_block(code):
        return None
    cut = _best(code, columns)
    if cut is None:
        return None
    for piece in line.pieces:
        piece.column = -1
    head = Line(line.pieces[: cut.index], line.spaced, line.number)
    tail = Line(line.pieces[cut.index :], number=line.number)
    if following is None:
        return [head, tail]
    return (
        [head, tail, following]
        if not _joins(tail, cut, code, following)
        else [head, _joined(tail, following)]
    )


def _end(piece: Piece, columns: Mapping[Piece, int]) -> int:
    return columns[piece] + len(piece.text)


def _holds_block(code: Sequence[Piece]) -> bool:
    opened = [index for index, piece in enumerate(code) if piece.kind == "LBRACE"]
    return bool(opened) and opened[0] < len(code) - 1


def _joins(tail: Line, cut: _Cut, code: Sequence[Piece], following: Line) -> bool:
    """Whether the next line goes on in the bracket in which this one was cut."""
    left_open = sum((piece.kind in OPENING) - (piece.kind in CLOSING) for piece in code)
    plain = tail.pieces[-1].kind == "COMMA" and following.pieces[0].kind not in {COMMENT, *CLOSING}
    return plain and 0 < cut.depth == left_open


def _joined(tail: Line, following: Line) -> Line:
    for piece in following.pieces:
        piece.column = -1
    return Line([*tail.pieces, *following.pieces], number=tail.number)


def _best(code: Sequence[Piece], columns: Mapping[Piece, int]) -> _Cut | None:
    """The last place that fits, in the best class of places."""
    fitting = [
        cut
        for cut in _cuts(code)
        if 0 < cut.index < len(code) and _end(code[cut.index - 1], columns) <= MAX_LINE
    ]
    return min(fitting, key=lambda cut: (cut.order, -cut.index), default=None)


def _cuts(code: Sequence[Piece]) -> Iterator[_Cut]:
    header, pipes, opened = code[0].kind in _HEADERS, 0, [0]
    widths = _widths(code)
    for index, piece in enumerate(code):
        depth = len(opened) - 1
        if piece.kind in CLOSING and depth:
            opened.pop()
        elif header and depth == 0 and piece.kind in {"ARROW", "EQUAL", "_WHERE"}:
            yield _Cut((0,), index + (piece.kind == "EQUAL"), depth)
        elif piece.kind == "PIPE":
            pipes += depth == 0
            if depth > 0 or pipes > 1 or index == 0:
                yield _Cut((1 + depth, 3 if depth else 0), index, depth)
        elif piece.kind in _OPERATORS and not (header and depth == 0):
            yield _Cut((1 + depth, 4 if depth else 1), index + 1, depth)
        elif piece.kind == "COMMA":
            yield _Cut((1 + depth, 2, -widths[opened[-1]]), index + 1, depth)
        elif piece.kind == "EQUAL" and depth == 0:
            yield _Cut((9,), index + 1, depth)
        if piece.kind in OPENING:
            opened.append(index)


def _widths(code: Sequence[Piece]) -> list[int]:
    """For each opening bracket, how much text it holds; for the other pieces 0."""
    widths, opened = [0] * len(code), []
    for index, piece in enumerate(code):
        if piece.kind in OPENING:
            opened.append(index)
        elif piece.kind in CLOSING and opened:
            opened.pop()
        for around in opened:
            widths[around] += len(piece.text)
    return widths
