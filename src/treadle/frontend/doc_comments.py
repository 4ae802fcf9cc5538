"""Documentation of definitions: the comment lines that end on the line above a definition.

Input: a source and a line. Output: the words. Non-goals: comments elsewhere, which document nothing.
"""

from __future__ import annotations

from treadle.source import Source


def comment_above(source: Source, line: int) -> list[str]:
    """The lines of the comment above a 1-based line, without their signs."""
    words: list[str] = []
    while (text := source.line_text(line - 1).strip()).startswith("#"):
        words.insert(0, text.lstrip("#").strip())
        line -= 1
    return words
