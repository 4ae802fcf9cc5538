"""What is being written at a place, from the text before it alone: it need not be a whole statement.

Input: a text and an offset. Output: `Context`: the blocks and calls that are open, the statement so far.
Non-goals: what the names mean (`completion`, `signatures`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from treadle.frontend.layout import CONTINUES_AFTER

_TOKEN = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|"[^\n]*|\#[^\n]*|\n|\|>|->|<-|==|!=|<=|>=|//|\w+(?:\.\d+)?|[^\w\s]|[ \t\r]+'
)
_BLOCK = re.compile(
    r"^(?:use|const|model|layer|fn|optimizer|schedule|init|data|train|generate|sweep|adapt)\b", re.MULTILINE
)
_OPENERS = {"(": ")", "[": "]", "{": "}"}


@dataclass
class OpenCall:
    """A call whose arguments are being written.

    Attributes:
        callee: the words before the bracket: `alias`, `name`; empty where it calls no name.
        stage: 1 for `f(`, 2 for `f(...)(`.
        start: the offset of the callee.
        piped: whether `|>` stands before it.
        index: how many commas stand before the place.
        names: the names of arguments given so far; `name` is that of the one being written.
    """

    callee: tuple[str, ...]
    stage: int
    start: int
    piped: bool
    index: int = 0
    names: list[str] = field(default_factory=list)
    name: str | None = None


@dataclass(frozen=True)
class Context:
    """What is open at a place.

    Attributes:
        prefix: the part of a word before the place; it begins at `start`.
        blocks: the first words of the blocks around, outermost first: `train`, `phase`.
        statement: the tokens of the statement before the prefix, without what lies in closed brackets.
        calls: the open brackets of the statement, innermost last; None for those that are no calls.
        in_text: whether the place lies in a comment; `in_string` holds a string begun before it.
    """

    prefix: str
    start: int
    blocks: tuple[str, ...]
    statement: tuple[str, ...]
    calls: tuple[OpenCall | None, ...]
    in_comment: bool = False
    in_string: str | None = None

    @property
    def block(self) -> str | None:
        """The innermost block that has statements of its own kind."""
        return next((word for word in reversed(self.blocks) if word not in ("for", "if", "else")), None)

    @property
    def call(self) -> OpenCall | None:
        """The innermost open call."""
        return self.calls[-1] if self.calls else None

    @property
    def before(self) -> str:
        """The piece before the prefix; empty at the beginning of a statement."""
        return self.statement[-1] if self.statement else ""


def context_at(text: str, offset: int) -> Context:
    """What is being written at an offset."""
    begin = max((found.start() for found in _BLOCK.finditer(text, 0, offset)), default=0)
    scanner = _Scanner()
    for found in _TOKEN.finditer(text, begin, offset):
        scanner.read(found[0], found.start())
    return scanner.context(offset)


@dataclass
class _Frame:
    """An open bracket with the statement around it."""

    bracket: str
    tokens: list[tuple[str, int]]
    call: OpenCall | None


class _Scanner:
    """Reads tokens and keeps what is open."""

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._tokens: list[tuple[str, int]] = []
        self._last: tuple[str, int] = ("", 0)

    def read(self, piece: str, start: int) -> None:
        """Take one piece."""
        self._last = (piece, start)
        if piece[0] in " \t\r#":
            return
        if piece in ("\n", ";"):
            self._line_end(piece)
        elif piece in _OPENERS:
            call = None if piece == "{" else self._called(piece)
            self._frames.append(_Frame(piece, self._tokens, call))
            self._tokens = []
        elif piece in ")]}":
            self._close(piece, start)
        else:
            self._tokens.append((piece, start))
            self._note_argument(piece)

    def _line_end(self, piece: str) -> None:
        if piece == ";" or self._frames == [] or self._frames[-1].bracket == "{":
            last = self._tokens[-1][0] if self._tokens else ""
            if piece == ";" or last not in CONTINUES_AFTER:
                self._tokens = []

    def _close(self, piece: str, start: int) -> None:
        while self._frames:
            frame = self._frames.pop()
            if _OPENERS[frame.bracket] == piece:
                if piece == "}":
                    self._tokens = [] if _is_block(frame.tokens) else [*frame.tokens, ("}", start)]
                else:
                    self._tokens = [*frame.tokens, (frame.bracket + piece, start)]
                return

    def _note_argument(self, piece: str) -> None:
        """Follow the names and commas of the innermost call."""
        call = self._frames[-1].call if self._frames else None
        if call is None:
            return
        if piece == ",":
            call.index += 1
            call.name = None
        elif piece == "=" and len(self._tokens) >= 2:
            call.name = self._tokens[-2][0]
            call.names.append(call.name)

    def _called(self, bracket: str) -> OpenCall | None:
        """The call that an opening bracket begins."""
        tokens = self._tokens
        stage, at = 1, len(tokens) - 1
        while at >= 0 and tokens[at][0] == "()":
            stage, at = 2, at - 1
        words: list[str] = []
        while at >= 0 and _is_word(tokens[at][0]):
            words.insert(0, tokens[at][0])
            if at < 2 or tokens[at - 1][0] != ".":
                break
            at -= 2
        if bracket != "(" or not words:
            return None
        piped = at >= 1 and tokens[at - 1][0] == "|>"
        return OpenCall(tuple(words), stage, tokens[at][1], piped)

    def context(self, offset: int) -> Context:
        """What is open after the last piece."""
        piece, start = self._last
        tokens = [text for text, _ in self._tokens]
        prefix, in_string = "", None
        if piece and start + len(piece) == offset:
            if _is_word(piece) and tokens and tokens[-1] == piece:
                prefix, tokens = piece, tokens[:-1]
            elif piece[0] == '"' and (len(piece) == 1 or piece[-1] != '"'):
                in_string = piece[1:]
        blocks = [_first_word(frame.tokens) for frame in self._frames if frame.bracket == "{"]
        calls = [frame.call for frame in self._frames if frame.bracket != "{"]
        inner = next((n for n, f in enumerate(reversed(self._frames)) if f.bracket == "{"), len(self._frames))
        return Context(
            prefix=prefix,
            start=offset - len(prefix),
            blocks=tuple(blocks),
            statement=tuple(tokens),
            calls=tuple(calls[len(calls) - inner :]),
            in_comment=piece[:1] == "#" and start + len(piece) == offset,
            in_string=in_string,
        )


def _is_word(piece: str) -> bool:
    return piece[:1].isalpha() or piece[:1] == "_"


def _is_block(header: list[tuple[str, int]]) -> bool:
    """Whether braces after this header end the statement; those of a `scan` may be part of one."""
    return not any(piece == "scan" for piece, _ in header) or header[0][0] == "scan"


def _first_word(header: list[tuple[str, int]]) -> str:
    """The word that says what a block is; `scan` may stand inside of a statement."""
    words = [piece for piece, _ in header]
    return "scan" if "scan" in words else words[0] if words else ""
