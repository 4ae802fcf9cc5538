"""How many spaces stand between two neighbours on a line.

Input: the pieces of a line and the brackets around them. Output: `gap` and `is_prefix`. Non-goals: columns.
"""

from __future__ import annotations

from treadle.frontend.format.pieces import COMMENT, SEMICOLON, Piece

COMMENT_GAP, STATEMENT_GAP, SETTING_GAP = 2, 2, 3

_TIGHT_BEFORE = frozenset({"RPAR", "RSQB", "COMMA", "DOT", "CARET", SEMICOLON})
_TIGHT_AFTER = frozenset({"LPAR", "LSQB", "DOT", "CARET"})
_VALUES = frozenset({"NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "RPAR", "RSQB", "RBRACE", "DOTS"})
_CALLED = frozenset({"_FN", "_AUGMENT"})  # words that a bracket follows like a call's


def gap(before: Piece, piece: Piece, around: str, *, prefix: bool) -> int:
    """Spaces between two pieces inside of the bracket `around`; `prefix` says that `before` is a sign."""
    if piece.kind == COMMENT:
        return COMMENT_GAP
    if piece.kind in _TIGHT_BEFORE or before.kind in _TIGHT_AFTER or prefix:
        return 0
    if before.kind == SEMICOLON:
        return STATEMENT_GAP
    if piece.kind == "COLON":
        return 1 if before.kind == "COMMA" else 0
    if before.kind == "COLON":
        return 0 if around == "LSQB" else 1
    if piece.kind in {"LPAR", "LSQB"}:
        return 0 if _takes_brackets(before) else 1
    if piece.setting and before.kind != "LBRACE":
        return SETTING_GAP
    return 1


def is_prefix(before: Piece | None, piece: Piece) -> bool:
    """Whether `piece` is a minus sign in front of a value, rather than between two."""
    return piece.kind == "MINUS" and (before is None or not _is_value(before))


def _is_value(piece: Piece) -> bool:
    return piece.kind in _VALUES and not piece.setting


def _takes_brackets(piece: Piece) -> bool:
    return piece.kind in _CALLED or _is_value(piece)
