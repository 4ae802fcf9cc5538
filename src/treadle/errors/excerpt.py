"""One line of source with marks under a span, fit for a terminal.

Input: a span. Output: the line, cut to a window around the span, and the marks in the same columns. Tabs
become spaces, characters that a terminal cannot show become `\N{REPLACEMENT CHARACTER}`; wide and combining
characters are counted as wide as terminals draw them.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from treadle.source import Span

WINDOW = 100
TAB = 4

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ELLIPSIS = "..."


class Excerpt(NamedTuple):
    """The line as shown, and the marks below it."""

    text: str
    marks: str


def excerpt(span: Span, mark: str = "^") -> Excerpt:
    """Show the first line of `span` with `mark` under each column that it covers."""
    line = span.source.line_text(span.line)
    first = span.col - 1
    count = max(1, min(span.end - span.start, len(line) - first))
    begin, end = _window(line, first, first + count)
    before = _ELLIPSIS if begin > 0 else ""
    after = _ELLIPSIS if end < len(line) else ""
    text = before + printable(line[begin:end]) + after
    indent = len(before) + _width(line[begin:first])
    marked = max(1, _width(line[first : min(first + count, end)]))
    return Excerpt(text, " " * indent + mark * marked)


def printable(text: str) -> str:
    """Return `text` on one line, with characters that a terminal cannot show replaced."""
    return "".join(_cell(char) for char in text)


def _window(line: str, first: int, last: int) -> tuple[int, int]:
    """The part [begin, end) of a line to show: all of a short one, else the surroundings of the marks."""
    if len(line) <= WINDOW:
        return 0, len(line)
    room = max(0, WINDOW - (last - first)) // 2
    begin = max(0, min(first - room, len(line) - WINDOW))
    return begin, min(len(line), begin + WINDOW)


def _cell(char: str) -> str:
    if char == "\t":
        return " " * TAB
    return _REPLACEMENT if unicodedata.category(char) in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp", "Cf"} else char


def _width(text: str) -> int:
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if char == "\t":
        return TAB
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
