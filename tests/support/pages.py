"""The code blocks of a documentation page.

A comment above a block says what a reader sees anyway, or need not see: `<!-- net.tdl -->` names the file
that the block is, `<!-- wrong: E0203 -->` the mistake in it, `<!-- exit 1 -->` how commands end, `<!-- not
run: REASON -->` why nobody can run it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?:^<!-- ([^\n]*) -->\n)?^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TRAILING = re.compile(r"\s\s+#.*$")


@dataclass(frozen=True)
class Block:
    """A code block: its language, its text, the comment above it, the line where it begins."""

    language: str
    text: str
    note: str
    line: int

    def says(self, word: str) -> str | None:
        """What follows `word` in the comment; None when it does not begin with it."""
        return self.note.removeprefix(word).lstrip(": ") if self.note.startswith(word) else None

    def commands(self) -> list[str]:
        """The command lines of a shell block, without remarks."""
        lines = [_TRAILING.sub("", line).strip() for line in self.text.replace("\\\n", " ").splitlines()]
        return [line for line in lines if line and not line.startswith("#")]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        note, language, code = found.groups()
        yield Block(language, code, note or "", text.count("\n", 0, found.start()) + 1)
