"""Checks that brackets are paired and not nested too deeply.

Input: the brackets and words of a text in order. Output: diagnostics (E0102, E0103) that blame the bracket
that most likely lacks its partner; E0902 is raised at once. Part of the layout pass, so the parser only
sees sound brackets.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from treadle.errors import Diagnostic, Label, fail
from treadle.source import Source

MAX_NESTING = 100

_PARTNER = {"(": ")", "[": "]", "{": "}"}
_BLOCK_START = re.compile(
    r'(?:use|const|model|layer|fn|optimizer|schedule|init|data|train|generate|sweep|adapt)[ \t]+["\w]',
)


class _Open(NamedTuple):
    bracket: str
    start: int
    indent: int


class BracketChecker:
    """Follows the brackets of one source."""

    def __init__(self, source: Source) -> None:
        """Begin outside all brackets."""
        self._source = source
        self._open: list[_Open] = []
        self._problems: list[Diagnostic] = []
        self._suspect: tuple[_Open, int] | None = None
        self._starts: list[tuple[int, bool]] = []
        self._block_is_broken = False
        self._last_indent = (0, 0)

    @property
    def joins_lines(self) -> bool:
        """Whether a line end here lies directly inside a round or square bracket."""
        return bool(self._open) and self._open[-1].bracket != "{"

    @property
    def all_closed(self) -> bool:
        """Whether no bracket is open."""
        return not self._open

    def open(self, bracket: str, start: int) -> None:
        """Note an opening bracket; raises E0902 when it is nested too deeply."""
        self._open.append(_Open(bracket, start, self._indent(self._source.location(start)[0])))
        if len(self._open) > MAX_NESTING:
            span = self._source.span(start, start + 1)
            fail(
                "E0902",
                f"more than {MAX_NESTING} brackets are open here",
                span,
                hint="give parts of it names",
            )

    def close(self, bracket: str, start: int) -> None:
        """Note a closing bracket and pair it."""
        if not self._open:
            self._stray(bracket, start, None)
        elif _PARTNER[self._open[-1].bracket] == bracket:
            self._note_indent(start)
            self._open.pop()
        elif any(_PARTNER[opened.bracket] == bracket for opened in self._open):
            self._unclosed(self._open[-1], start)
            while _PARTNER[self._open.pop().bracket] != bracket:
                pass
        else:
            self._stray(bracket, start, self._open[-1])

    def word(self, start: int) -> None:
        """Note a word: one that begins a top-level block cannot stand in a round or square bracket."""
        begins_line = start == 0 or self._source.text[start - 1] == "\n"
        if not (begins_line and _BLOCK_START.match(self._source.text, start)):
            return
        if self.joins_lines:
            self._unclosed(self._open[-1], start)
        if self._block_is_broken:
            self._open.clear()
            self._block_is_broken = False
        self._starts.append((start, not self._open))

    @property
    def block_starts(self) -> tuple[int, ...]:
        """Where top-level blocks begin; with unsound brackets, every line that looks like a beginning."""
        return tuple(start for start, outside in self._starts if outside or self._problems)

    def finish(self) -> list[Diagnostic]:
        """Return all problems, those at the end of the text included."""
        if self._open and self._suspect:
            self._unclosed(*self._suspect)
        elif self._open:
            self._unclosed(self._open[0], None)
        return self._problems

    def _note_indent(self, start: int) -> None:
        """A `}` that begins a line left of its partner's line probably belongs to a bracket further out."""
        line, column = self._source.location(start)
        indent = self._indent(line)
        if self._suspect is None and column == indent + 1 and indent < self._open[-1].indent:
            self._suspect = (self._open[-1], start)

    def _unclosed(self, opened: _Open, noticed: int | None) -> None:
        labels: tuple[Label, ...] = ()
        if noticed is not None:
            labels = (Label(self._source.span(noticed, noticed + 1), "its partner was missed here"),)
        span = self._source.span(opened.start, opened.start + 1)
        partner = _PARTNER[opened.bracket]
        hint = f"add the missing `{partner}`"
        self._report(Diagnostic("E0102", f"`{opened.bracket}` is never closed", span, labels, (), hint))

    def _stray(self, bracket: str, start: int, opened: _Open | None) -> None:
        span = self._source.span(start, start + 1)
        if opened is None:
            self._problems.append(
                Diagnostic("E0103", f"`{bracket}` closes nothing: no bracket is open", span)
            )
            return
        labels = (Label(self._source.span(opened.start, opened.start + 1), "this is open"),)
        message = f"`{bracket}` does not close `{opened.bracket}`"
        self._report(Diagnostic("E0103", message, span, labels))

    def _report(self, problem: Diagnostic) -> None:
        """Only the first in each top-level block: what follows is guesswork until the next one begins."""
        if not self._block_is_broken:
            self._problems.append(problem)
        self._block_is_broken = True

    def _indent(self, line: int) -> int:
        if self._last_indent[0] != line:
            text = self._source.line_text(line)
            self._last_indent = (line, len(text) - len(text.lstrip()))
        return self._last_indent[1]
