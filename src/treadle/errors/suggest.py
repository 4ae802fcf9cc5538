"""Nearest-name suggestions for unknown names and keys.

Input: what the user wrote and the names that would have been right. Output: the likely one, or nothing.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, or None when none is close; case differences count little."""
    by_folded: dict[str, str] = {}
    for candidate in sorted(candidates):
        by_folded.setdefault(_fold(candidate), candidate)
    matches = get_close_matches(_fold(name), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Return "did you mean `conv2d`?" for the nearest candidate, or None."""
    match = nearest(name, candidates)
    return f"did you mean `{match}`?" if match is not None else None


def _fold(name: str) -> str:
    return name.lower().replace("_", "")
