"""What the terminals of the grammar are called in messages.

Input: names of terminals. Output: words. Used by `syntax_errors`.
"""

from __future__ import annotations

from collections.abc import Iterable

RESERVED = frozenset(
    ["and", "else", "false", "fn", "for", "if", "in", "not", "or", "return", "scan", "true", "yield"]
)

_EXPRESSION = frozenset(
    {"NAME", "INTEGER", "FLOAT", "STRING", "LPAR", "LSQB", "_FN", "_SCAN", "TRUE", "FALSE"}
)
_PREFIXES = frozenset({"MINUS", "NOT"})
_OPERATORS = frozenset(
    [
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "DOUBLE_SLASH",
        "PERCENT",
        "AT",
        "CARET",
        "COMPARE",
        "AND",
        "OR",
        "PIPE",
        "_IF",
    ],
)
_TRAILERS = frozenset({"LPAR", "LSQB", "DOT"})
_WORDS = {
    "NAME": "a name",
    "INTEGER": "a number",
    "FLOAT": "a number",
    "STRING": "a string",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "EQUAL": "`=`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "DOT": "`.`",
    "DOTS": "`...`",
    "MINUS": "`-`",
    "PIPE": "`|>`",
    "ARROW": "`->`",
    "UPDATE": "`<-`",
    "_SEP": "the end of the line",
    "$END": "the end of the file",
}


def list_terminals(terminals: Iterable[str]) -> str:
    """Return the terminals in words, "an expression" and "an operator" standing for theirs."""
    remaining = set(terminals)
    words: set[str] = set()
    if {"NAME", "INTEGER"} <= remaining:
        words.add("an expression")
        remaining -= _EXPRESSION | _PREFIXES
    if "PLUS" in remaining:
        words.add("an operator")
        remaining -= _OPERATORS | _TRAILERS
    words |= {_WORDS.get(terminal) or f"`{terminal.strip('_').lower()}`" for terminal in remaining}
    return _join(sorted(words))


def _join(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words) or "nothing more"
    return f"{', '.join(words[:-1])} or {words[-1]}"
