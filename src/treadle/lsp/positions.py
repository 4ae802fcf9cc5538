"""Positions: the protocol counts lines from 0 and code units in a line, the frontend counts code points.

Input: a source and the encoding agreed with the editor. Output: positions, ranges and offsets.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types as lsp

from treadle.source import Source, Span

_UNITS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_WIDTH = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@dataclass(frozen=True)
class Positions:
    """Translates between offsets of a source and positions of the protocol."""

    source: Source
    encoding: str = "utf-16"

    def position(self, offset: int) -> lsp.Position:
        """The position of an offset."""
        line, column = self.source.location(offset)
        before = self.source.text[self.source.line_starts[line - 1] :][: column - 1]
        return lsp.Position(line - 1, len(before) if before.isascii() else self._units(before))

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position; one beyond the end of its line is the end of it."""
        starts = self.source.line_starts
        if position.line >= len(starts):
            return len(self.source.text)
        start = starts[position.line]
        text = self.source.line_text(position.line + 1)
        if text.isascii():
            return start + min(position.character, len(text))
        units = 0
        for number, char in enumerate(text):
            if units >= position.character:
                return start + number
            units += self._units(char)
        return start + len(text)

    def range(self, span: Span) -> lsp.Range:
        """The range of a span."""
        return lsp.Range(self.position(span.start), self.position(span.end))

    def between(self, start: int, end: int) -> lsp.Range:
        """The range between two offsets."""
        return lsp.Range(self.position(start), self.position(end))

    def _units(self, text: str) -> int:
        return len(text.encode(_UNITS[self.encoding], "surrogatepass")) // _WIDTH[self.encoding]
