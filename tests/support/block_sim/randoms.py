"""Random draws of single elements, from the constants and the counters of `ops/philox.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from treadle.ops.philox import FOLD_DOMAIN, MULTIPLIERS, ROUNDS, WEYL

WORD = 2**32 - 1
Words = tuple[int, int, int, int]


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Philox4x32-10 on plain integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = second >> 32 ^ c1 ^ k0, second & WORD, first >> 32 ^ c3 ^ k1, first & WORD
        k0, k1 = k0 + WEYL[0] & WORD, k1 + WEYL[1] & WORD
    return c0, c1, c2, c3


def halves(value: Any) -> tuple[int, int]:
    """Low and high half of a 64-bit integer."""
    return int(value) & WORD, int(value) >> 32 & WORD


def draw(k0: Any, k1: Any, stream: Any, element: Any) -> Words:
    """The four words of an element."""
    (key, step), index = (halves(k0), halves(k1)), halves(element)
    return philox((index[0], index[1] ^ step[1], halves(stream)[0], step[0]), key)


def fold_in(k0: Any, k1: Any, data: Any, half: Any) -> Any:
    """A word of the key made from a key and a number."""
    key, step, data_halves = halves(k0), halves(k1), halves(data)
    words = philox((*data_halves, *step), (key[0], key[1] ^ FOLD_DOMAIN))
    low, high = words[2:] if half else words[:2]
    return np.uint64(low | high << 32).view(np.int64)


def fraction32(word: int) -> Any:
    """A float32 in [0, 1) from the upper bits of a word."""
    return np.float32((word >> 8) / 2**24)


def fraction64(high: int, low: int) -> Any:
    """A float64 in [0, 1) from two words."""
    return np.float64(((high >> 5) * 2**26 + (low >> 6)) / 2**53)


def random_uniform_f32(k0: Any, k1: Any, stream: Any, element: Any) -> Any:
    """Uniform in [0, 1)."""
    return fraction32(draw(k0, k1, stream, element)[0])


def random_uniform_f64(k0: Any, k1: Any, stream: Any, element: Any) -> Any:
    """Uniform in [0, 1)."""
    return fraction64(*draw(k0, k1, stream, element)[:2])


def normal(u: Any, v: Any) -> Any:
    """The Box-Muller transform, in the type of the uniform numbers."""
    kind = type(u)
    return np.sqrt(kind(-2) * np.log(kind(1) - u)) * np.cos(v * kind(2 * np.pi))


def random_normal_f32(k0: Any, k1: Any, stream: Any, element: Any) -> Any:
    """Normal with mean 0 and variance 1."""
    w0, w1, _, _ = draw(k0, k1, stream, element)
    return normal(fraction32(w0), fraction32(w1))


def random_normal_f64(k0: Any, k1: Any, stream: Any, element: Any) -> Any:
    """Normal with mean 0 and variance 1."""
    w0, w1, w2, w3 = draw(k0, k1, stream, element)
    return normal(fraction64(w0, w1), fraction64(w2, w3))


NAMES = {
    "fold_in": fold_in,
    "random_uniform_f32": random_uniform_f32,
    "random_uniform_f64": random_uniform_f64,
    "random_normal_f32": random_normal_f32,
    "random_normal_f64": random_normal_f64,
}
