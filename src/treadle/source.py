"""Source text and positions in it: what every stage uses to say *where*.

Input: the text of one spec file. Output: `Source` (text with a line table) and `Span` (a range in it).
Non-goals: reading files, rendering errors (see `treadle.errors.render`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Source:
    """The text of one file, with its line table. Compared by identity; `name` is what the user typed."""

    name: str
    text: str
    line_starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the line table once; only `\\n` ends a line, so that offsets and lines always agree."""
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        object.__setattr__(self, "line_starts", tuple(starts))

    def location(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of `offset`, both 1-based; columns count code points."""
        clamped = min(max(offset, 0), len(self.text))
        line = bisect_right(self.line_starts, clamped)
        return line, clamped - self.line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """Return the text of 1-based `line` without its line end ('' past the end)."""
        if not 1 <= line <= len(self.line_starts):
            return ""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def span(self, start: int, end: int) -> Span:
        """Return the span [start, end) of this source."""
        return Span(self, start, end)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range [start, end) of offsets in a source.

    `caller` is the place of the call whose body this lies in, if any; it makes no two spans different.
    """

    source: Source
    start: int
    end: int
    caller: Span | None = field(default=None, compare=False, repr=False)

    @property
    def line(self) -> int:
        """1-based line of the first character."""
        return self.source.location(self.start)[0]

    @property
    def col(self) -> int:
        """1-based column of the first character."""
        return self.source.location(self.start)[1]

    @property
    def text(self) -> str:
        """The text the span covers."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other` (same source)."""
        return Span(self.source, self.start, other.end)

    def within(self, caller: Span | None) -> Span:
        """Return the same range, in the body of what is called at `caller`."""
        return Span(self.source, self.start, self.end, caller)

    def callers(self) -> list[Span]:
        """Return the calls that led here, innermost first."""
        found = []
        caller = self.caller
        while caller is not None:
            found.append(caller)
            caller = caller.caller
        return found

    @property
    def origin(self) -> Span:
        """The nearest place around in the file where everything began: the user's, not the library's."""
        chain = [self, *self.callers()]
        return next(span for span in chain if span.source is chain[-1].source)

    def __str__(self) -> str:
        line, col = self.source.location(self.start)
        return f"{self.source.name}:{line}:{col}"
