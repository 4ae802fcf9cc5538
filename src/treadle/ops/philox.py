"""Philox4x32-10, the counter-based generator behind all draws, in NumPy.

Input: keys and counters of 32-bit words. Output: four 32-bit words for each counter. The generator has no
state, so any backend and any number of threads draw the same numbers.
Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

The layout of a draw, which every backend follows:
    key words      low and high half of key[0]
    counter words  element index (low half); element index (high half) xor key[1] (high half);
                   stream; key[1] (low half)
A float with m bits of precision is the highest m bits of a word, divided by 2^m; f64 takes the highest
27 bits of the first word of a pair and the highest 26 of the second. A normal draw takes radius and angle
from words 0 and 1 (f64: from the pairs 0, 1 and 2, 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
FOLD_DOMAIN = 0x5851F42D  # keeps the counters of fold_in apart from those of draws

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(counter: tuple[Any, Any, Any, Any], key: tuple[Any, Any]) -> tuple[Any, Any, Any, Any]:
    """Ten rounds; words are uint64 arrays below 2^32 that broadcast."""
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = (np.asarray(word, np.uint64) for word in key)
    for _ in range(ROUNDS):
        high, low = _product(MULTIPLIERS[0], c0)
        other_high, other_low = _product(MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = other_high ^ c1 ^ k0, other_low, high ^ c3 ^ k1, low
        k0 = (k0 + np.uint64(WEYL[0])) & _MASK
        k1 = (k1 + np.uint64(WEYL[1])) & _MASK
    return c0, c1, c2, c3


def _product(multiplier: int, word: Any) -> tuple[Any, Any]:
    full = np.uint64(multiplier) * word
    return full >> _HALF, full & _MASK


def split(value: Any) -> tuple[Any, Any]:
    """Low and high half of a 64-bit integer."""
    bits = np.asarray(value).astype(np.int64).view(np.uint64)
    return bits & _MASK, bits >> _HALF


def draw_words(key: Any, stream: int, count: int) -> tuple[Any, Any, Any, Any]:
    """Four words for each of `count` elements."""
    (key_low, key_high), (step_low, step_high) = split(key[0]), split(key[1])
    index_low, index_high = split(np.arange(count, dtype=np.int64))
    return philox((index_low, index_high ^ step_high, np.uint64(stream), step_low), (key_low, key_high))


def fold_words(key: Any, data: Any) -> tuple[Any, Any, Any, Any]:
    """Four words that make a new key from a key and a number."""
    (key_low, key_high), (step_low, step_high) = split(key[0]), split(key[1])
    data_low, data_high = split(data)
    return philox((data_low, data_high, step_low, step_high), (key_low, key_high ^ np.uint64(FOLD_DOMAIN)))


def join(low: Any, high: Any) -> Any:
    """A signed 64-bit integer from its halves."""
    return np.asarray(low | (high << _HALF)).view(np.int64)
