"""The record behind one diagnostic code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """A class of mistakes: what it is, why it is refused, a small wrong example and its repair."""

    code: str
    title: str
    explanation: str
    example: str
