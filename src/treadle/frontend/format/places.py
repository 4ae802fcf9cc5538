"""Where lines begin: the indentation of statements and of what continues them.

Input: lines. Output: for each line its brackets, its anchor and its indentation. A line that continues a
statement begins below its anchor: `|>` below the first `|>`, or the one below which it stood, operands
below the value that they belong to, what stands in a bracket below the first piece in it. Non-goals: spaces
inside of lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from treadle.frontend.format.pieces import CLOSING, COMMENT, OPENING, Piece

STEP = 2

_VALUE_AFTER = frozenset(
    {"EQUAL", "UPDATE", "_RETURN", "_YIELD", "_WHERE", "_OUTPUT", "_LOSS", "_METRIC", "_MINIMIZE"}
)


@dataclass(eq=False)
class Level:
    """An open bracket, or the file: where its contents begin, and the statement that is being read in it.

    `value` is the piece that the continuation of that statement begins below, `pipes` are its `|>`.
    """

    kind: str = ""
    indent: int = 0
    outer: int = 0
    content: Piece | None = None
    statement: int = 0
    value: Piece | None = None
    pipes: list[Piece] = field(default_factory=list)
    waiting: str = ""


@dataclass(frozen=True)
class Place:
    """Where a line begins: `indent` spaces, or below `anchor`; `brackets` are those open around it."""

    indent: int
    anchor: Piece | None
    brackets: tuple[Level, ...] = field(compare=False)


class Placer:
    """Reads lines in order and says where each begins."""

    def __init__(self) -> None:
        """Begin outside of all brackets."""
        self._levels = [Level()]
        self._last: Piece | None = None

    @property
    def around(self) -> str:
        """The innermost open bracket."""
        return self._levels[-1].kind

    @property
    def last(self) -> Piece | None:
        """The piece last read that is no comment."""
        return self._last

    def place(self, first: Piece, following: Piece | None) -> Place:
        """Where a line begins that starts with `first`; a comment stands like what is `following` it."""
        level = self._levels[-1]
        if first.kind in CLOSING:
            return Place(level.outer, None, tuple(self._levels))
        if first.kind == COMMENT and (following is None or following.kind in CLOSING):
            return Place(level.indent, None, tuple(self._levels))
        shown = following if first.kind == COMMENT and following is not None else first
        indent, anchor = _begin(shown, level, after_block=_closes_block(self._last))
        return Place(indent, anchor, tuple(self._levels))

    def read(self, piece: Piece, indent: int) -> None:
        """Note a piece of a line that begins after `indent` spaces."""
        if piece.kind == COMMENT:
            return
        self._last = piece
        if piece.kind in CLOSING:
            self._levels.pop()
            return
        level = self._levels[-1]
        _note(level, piece, indent)
        if piece.kind in OPENING:
            block = piece.kind == "LBRACE" and level.kind in {"", "LBRACE"}
            outer = level.statement if block else indent
            self._levels.append(Level(piece.kind, outer + STEP, outer, statement=outer + STEP))

    def end_line(self) -> None:
        """A bracket at the end of its line holds lines of its own."""
        level = self._levels[-1]
        if level.kind in {"LPAR", "LSQB"} and level.content is None:
            level.waiting = "own lines"


def _closes_block(piece: Piece | None) -> bool:
    return piece is not None and piece.kind == "RBRACE"


def _begin(first: Piece, level: Level, *, after_block: bool) -> tuple[int, Piece | None]:
    if first.kind == "PIPE" and level.pipes:
        same = (pipe for pipe in level.pipes if pipe.column == first.column >= 0)
        return 0, next(same, level.pipes[0])
    if first.kind == "_ELSE" and level.kind in {"LPAR", "LSQB"} and level.value is not None:
        return 0, level.value
    if level.kind in {"LPAR", "LSQB"}:
        return (level.indent, None) if level.waiting == "own lines" else (level.indent, level.content)
    if first.begins:
        return level.indent, None
    if first.kind == "LBRACE" or (first.kind == "_ELSE" and after_block):
        return level.statement, None
    if level.value is None or first.kind in {"ARROW", "_WHERE"}:
        return level.statement + STEP, None
    return 0, level.value


def _note(level: Level, piece: Piece, indent: int) -> None:
    """Follow the statement: where it begins, its value, its first pipe."""
    if level.kind in {"LPAR", "LSQB"}:
        level.content = level.content or piece
        level.value = level.value or piece
    elif piece.begins:
        level.statement, level.value, level.waiting = indent, None, ""
    if piece.begins or piece.kind == "COMMA":
        level.pipes.clear()
    if piece.kind == "COMMA" and level.kind in {"LPAR", "LSQB"}:
        level.value = None
    if piece.kind == "PIPE":
        level.pipes.append(piece)
    if level.waiting == "value":
        level.value, level.waiting = piece, ""
    if piece.kind in (_VALUE_AFTER if level.kind == "LBRACE" else {"_WHERE"}):
        level.waiting = "value"
