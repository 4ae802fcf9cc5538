"""Names for the words of a kernel's meta array, used to print the kernel's prologue and to fill the array.

Input: names of buffers (with element types) and of sizes, in order. Output: indices, prologue lines, arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu.templates.plan import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from treadle.backends.numba_cpu.program import Words


@dataclass(frozen=True)
class Word:
    """One word of a meta array: a buffer's address if it has an element type, else a number."""

    name: str
    dtype: str | None = None


@dataclass(frozen=True)
class MetaLayout:
    """The words of a meta array, in order."""

    words: tuple[Word, ...]

    def __add__(self, other: MetaLayout) -> MetaLayout:
        """Return this layout with the other's words behind it."""
        return MetaLayout(self.words + other.words)

    def index(self, name: str) -> int:
        """Return where a word stands."""
        return [word.name for word in self.words].index(name)

    def prologue(self) -> list[str]:
        """Return the lines that name every word: a buffer `x` becomes the pointer `p_x`, a number its own
        name."""
        return ["m = slots(meta)"] + [
            f"{word.name} = m[{i}]" if word.dtype is None else f"p_{word.name} = {word.dtype}_buffer(m, {i})"
            for i, word in enumerate(self.words)
        ]

    def slots(
        self, roles: Mapping[str, str] | None = None, offsets: Mapping[str, int] | None = None
    ) -> tuple[Slot, ...]:
        """Return where addresses belong; `roles` renames buffers, `offsets` are bytes within them (by word
        name)."""
        role_of, shift = roles or {}, offsets or {}
        return tuple(
            Slot(role_of.get(word.name, word.name), i, shift.get(word.name, 0))
            for i, word in enumerate(self.words)
            if word.dtype
        )

    def meta(self, numbers: Mapping[str, int]) -> Words:
        """Return the meta array with numbers filled in and addresses zero."""
        return np.array([0 if word.dtype else numbers[word.name] for word in self.words], np.int64)


def buffers(*names_and_types: tuple[str, str]) -> MetaLayout:
    """Return a layout of buffers."""
    return MetaLayout(tuple(Word(name, dtype) for name, dtype in names_and_types))


def numbers(*names: str) -> MetaLayout:
    """Return a layout of numbers."""
    return MetaLayout(tuple(Word(name) for name in names))
