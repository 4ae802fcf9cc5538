"""Explains characters and strings that cannot stand in a spec.

Input: the offset of the character. Output: a Diagnostic (E0104, E0105, E0114). Part of the layout pass.
"""

from __future__ import annotations

import unicodedata

from treadle.errors import Diagnostic
from treadle.source import Source

_HINTS = {
    "|": "a pipe is written `|>`",
    "&": "write `and`",
    "!": "write `not`",
    "'": 'strings are written between double quotes: "text"',
    "\\": "a statement goes on after an operator or inside brackets; no backslash is needed",
    "~": "write `not`",
    "$": "names are written without `$`",
    "?": "write `a if condition else b`",
    "`": 'strings are written between double quotes: "text"',
    "“": 'write the plain quote `"`',
    "”": 'write the plain quote `"`',
    "‘": 'write the plain quote `"`',
    "’": 'write the plain quote `"`',
    "–": "write the plain minus `-`",
    "—": "write the plain minus `-`",
    "−": "write the plain minus `-`",
    "×": "write `*`",
    "·": "write `*`",
    "÷": "write `/`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "→": "write `->`",
    "←": "write `<-`",
    "…": "write three dots `...`",
}


def bad_character(source: Source, offset: int) -> Diagnostic:
    """Explain the character at `offset`: E0114 for control characters, E0104 for all others."""
    char = source.text[offset]
    span = source.span(offset, offset + 1)
    if unicodedata.category(char).startswith("C"):
        return Diagnostic(
            "E0114",
            f"the text holds the control character U+{ord(char):04X}",
            span,
            hint="is this a text file in UTF-8?",
        )
    if unicodedata.category(char).startswith("Z"):
        name = unicodedata.name(char, "").lower()
        return Diagnostic(
            "E0104", f"unknown character: {name} (U+{ord(char):04X})", span, hint="write a plain space"
        )
    return Diagnostic("E0104", f"unknown character `{char}`", span, hint=_HINTS.get(char))


def unclosed_string(source: Source, offset: int) -> Diagnostic:
    """Explain the string that begins at `offset` and does not end on its line."""
    end = source.text.find("\n", offset)
    span = source.span(offset, len(source.text) if end < 0 else end)
    return Diagnostic(
        "E0105", "this string is never closed", span, hint='a string ends with `"` on the same line'
    )
