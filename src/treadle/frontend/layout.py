"""Layout: decides which line ends separate statements, before the grammar sees the text.

Stage: source text -> text of the same length, in which comments and continued line ends are blanked, so
that every offset stays what it was. Also checks brackets, strings, characters and the limits on size and
nesting, because those mistakes are best explained here. Non-goals: tokens for the parser, grammar.

A line end is blanked inside `(` and `[`, after an operator, comma or `=`, and before `|>`, `->`, `{`,
`else` and `where`; outside all brackets also before `(`, the second parameter list of a header. Inside `{`
it separates statements, even when that brace stands in a round bracket.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from treadle.errors import Diagnostic, Diagnostics, fail
from treadle.frontend.brackets import BracketChecker
from treadle.frontend.characters import bad_character, unclosed_string
from treadle.source import Source

MAX_CHARACTERS = 200_000
MAX_TOKENS = 50_000

_TOKEN = re.compile(
    r"""
    (?P<string>"(?:[^"\\\n]|\\[^\n])*")
  | (?P<unclosed>"[^\n]*)
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<word>\w+)
  | (?P<operator>\|>|->|<-|==|!=|<=|>=|//|[-+*/%@^=,<>:;.])
  | (?P<space>[ \t\r]+)
  | (?P<other>.)
    """,
    re.VERBOSE,
)
CONTINUES_AFTER = frozenset([
    "|>", "->", "<-", "==", "!=", "<=", ">=", "//", "+", "-", "*", "/", "%", "@", "^", "=", ",", "<", ">",
    "and", "or", "not", "in", "if", "else",
])  # fmt: skip
_CONTINUES_BEFORE = frozenset(["|>", "->", "{", "else"])
_WHERE_CLAUSE = re.compile(r"where\b(?!\s*(?:=(?!=)|<-|,))")
_BYTE_ORDER_MARK = "\ufeff"


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class Layout:
    """Result of the pass: `text` for the parser, `comments` for the formatter, `problems` found on the way.

    `block_starts` are the offsets where top-level blocks begin.
    """

    text: str
    comments: tuple[tuple[int, str], ...]
    problems: tuple[Diagnostic, ...]
    block_starts: tuple[int, ...]

    def block_of(self, offset: int) -> int:
        """The start of the top-level block that `offset` lies in (0 before the first)."""
        before = bisect_right(self.block_starts, offset)
        return self.block_starts[before - 1] if before else 0

    def next_block(self, offset: int) -> int:
        """The start of the first top-level block after `offset`, or the end of the text."""
        after = bisect_right(self.block_starts, offset)
        return self.block_starts[after] if after < len(self.block_starts) else len(self.text)


def lay_out(source: Source) -> Layout:
    """Blank the comments and continued line ends of `source`.

    Raises TreadleError at once for a limit (E0901 size, E0902 nesting); other mistakes (E0102 to E0105,
    E0114) are returned in `problems`, so that the rest of the file can still be looked at.
    """
    comments, tokens = _tokenise(source)
    brackets, problems = BracketChecker(source), Diagnostics()
    blanks = [(token.start, len(token.text)) for token in comments]
    previous = ""
    for token, following in zip(tokens, _following(tokens), strict=True):
        if token.kind != "newline":
            _check(token, source, brackets, problems)
            previous = token.text
            if token.text == _BYTE_ORDER_MARK:
                blanks.append((token.start, 1))
        elif previous in CONTINUES_AFTER or _continues(following, source.text, brackets):
            blanks.append((token.start, 1))
    problems.extend(brackets.finish())
    texts = tuple((token.start, token.text) for token in comments)
    return Layout(_blank(source.text, blanks), texts, tuple(problems), brackets.block_starts)


def _tokenise(source: Source) -> tuple[list[_Token], list[_Token]]:
    """Split into comments and all else but spaces; E0901 when the text is too long to be looked at."""
    if len(source.text) > MAX_CHARACTERS:
        fail("E0901", f"{source.name} has more than {MAX_CHARACTERS:,} characters")
    comments: list[_Token] = []
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup or ""
        if kind != "space":
            (comments if kind == "comment" else tokens).append(_Token(kind, match.group(), match.start()))
    if len(tokens) > MAX_TOKENS:
        fail("E0901", f"{source.name} has more than {MAX_TOKENS:,} words, signs and line ends")
    return comments, tokens


def _following(tokens: list[_Token]) -> list[_Token | None]:
    """For each token, the next one that is not a line end."""
    following: list[_Token | None] = []
    upcoming: _Token | None = None
    for token in reversed(tokens):
        following.append(upcoming)
        if token.kind != "newline":
            upcoming = token
    return following[::-1]


def _continues(following: _Token | None, text: str, brackets: BracketChecker) -> bool:
    """Whether what follows a line end belongs to the statement before it."""
    if following is None or brackets.joins_lines:
        return brackets.joins_lines
    if following.text == "(" and brackets.all_closed:
        return True
    return following.text in _CONTINUES_BEFORE or bool(_WHERE_CLAUSE.match(text, following.start))


def _check(token: _Token, source: Source, brackets: BracketChecker, problems: Diagnostics) -> None:
    if token.kind == "open":
        brackets.open(token.text, token.start)
    elif token.kind == "close":
        brackets.close(token.text, token.start)
    elif token.kind == "word":
        brackets.word(token.start)
    elif token.kind == "unclosed":
        problems.append(unclosed_string(source, token.start))
    elif token.kind == "other" and (token.text, token.start) != (_BYTE_ORDER_MARK, 0):
        problems.append(bad_character(source, token.start))


def _blank(text: str, ranges: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    end = 0
    for start, length in sorted(ranges):
        pieces += [text[end:start], " " * length]
        end = start + length
    return "".join([*pieces, text[end:]])
