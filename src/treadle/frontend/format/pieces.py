"""The pieces of a text that the formatter moves: words, signs and comments, by line.

Input: a source without syntax errors. Output: its lines as lists of `Piece`. Non-goals: where they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from treadle.frontend import ast
from treadle.frontend.layout import lay_out
from treadle.frontend.parser import tokens_of
from treadle.source import Source

COMMENT, SEMICOLON = "comment", "semicolon"
OPENING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
CLOSING = frozenset(OPENING.values())


@dataclass(eq=False)
class Piece:
    """A token or a comment.

    Attributes:
        kind: the name of its terminal in the grammar, `comment` or `semicolon`.
        column: where it stood, from 0; negative when that means nothing any more.
        gap: spaces that stood before it on its line.
        begins: whether a statement, item or block begins here.
        setting: whether it is the first word of a setting.
    """

    kind: str
    text: str
    start: int
    column: int = -1
    gap: int = 0
    begins: bool = False
    setting: bool = False


@dataclass(eq=False)
class Line:
    """Pieces that stand on one line, and whether an empty line comes before."""

    pieces: list[Piece]
    spaced: bool = False
    number: int = field(default=0)


def lines_of(source: Source, spec: ast.Spec) -> list[Line]:
    """The lines of a text that hold something."""
    pieces = sorted([*_tokens(source, spec), *_comments(source)], key=lambda piece: piece.start)
    lines = [
        Line(list(group), number=number)
        for number, group in groupby(pieces, lambda piece: source.location(piece.start)[0])
    ]
    for before, line in zip([None, *lines], lines, strict=False):
        _measure(source, line)
        line.spaced = before is not None and _spaced(before, line)
    return lines


def _spaced(before: Line, line: Line) -> bool:
    """Empty lines stay between lines, but not at the ends of a block."""
    inside = before.pieces[-1].kind != "LBRACE" and line.pieces[0].kind != "RBRACE"
    return inside and line.number - before.number > 1


def _measure(source: Source, line: Line) -> None:
    end = None
    for piece in line.pieces:
        piece.column = source.location(piece.start)[1] - 1
        piece.gap = 0 if end is None else piece.start - end
        end = piece.start + len(piece.text)


def _comments(source: Source) -> Iterator[Piece]:
    for start, text in lay_out(source).comments:
        yield Piece(COMMENT, text.rstrip(), start)


def _tokens(source: Source, spec: ast.Spec) -> Iterator[Piece]:
    settings = {node.span.start for node in ast.walk(spec) if isinstance(node, ast.Setting)}
    begins, separator, previous = True, None, ""
    for token in tokens_of(lay_out(source).text):
        if token.kind == "_SEP":
            begins, separator = True, token
            continue
        begins = begins or previous == "LBRACE"
        joined = separator is not None and "\n" not in separator.text
        if separator is not None and joined and previous != "LBRACE" and token.kind != "RBRACE":
            yield Piece(SEMICOLON, ";", separator.start)
        yield Piece(token.kind, token.text, token.start, begins=begins, setting=token.start in settings)
        begins, separator, previous = False, None, token.kind
