"""Vocabularies of words, and sentences as rows of word numbers.

The first numbers are reserved: 0 pads short sentences, 1 stands for rare words, 2 begins and 3 ends a
sentence. Words follow by falling frequency, equal ones in the order of the alphabet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

PADDING, RARE, BEGIN, END = range(4)
RESERVED = ("<pad>", "<rare>", "<begin>", "<end>")

Numbers = npt.NDArray[np.int64]


def count_words(sentences: Iterable[Sequence[str]], size: int) -> list[str]:
    """The words with numbers below `size`, in the order of their numbers."""
    counts = Counter(word for sentence in sentences for word in sentence)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return [*RESERVED, *ranked][:size]


def encode(
    sentences: Sequence[Sequence[str]], words: Sequence[str], length: int, *, marked: bool = False
) -> tuple[Numbers, Numbers]:
    """Word numbers [n, length], longer sentences cut, and the lengths [n].

    Args:
        marked: whether `BEGIN` and `END` stand around each sentence; they count for the length.
    """
    numbers = {word: number for number, word in enumerate(words)}
    rows = np.full((len(sentences), length), PADDING, np.int64)
    lengths = np.zeros(len(sentences), np.int64)
    for place, sentence in enumerate(sentences):
        row = [numbers.get(word, RARE) for word in sentence]
        row = [BEGIN, *row[: length - 2], END] if marked else row[:length]
        rows[place, : len(row)] = row
        lengths[place] = len(row)
    return rows, lengths
