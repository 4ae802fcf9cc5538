"""Words with the words around them, from a text with a sentence in each line.

`skipgrams("brown_words.txt.gz", window = 5, vocabulary = 10000)` gives pairs: `centres`, `contexts` i64[n].
`word_windows(...)` gives a row per word: `centres` i64[n] and `contexts` i64[n, 2 window], 0 beyond the ends
of the sentence; with `paths = true` also the way to the centre in a Huffman tree, `paths` and `turns`
i32[n, depth]. `cooccurrences(...)` counts pairs in the whole text, near ones more: `centres`, `contexts`
i64[n] and `counts` f32[n], the sum of 1 / distance.

Words are divided by blanks, in lower case unless `lower = false`, and numbered as in `vocabulary`. Those
beyond the vocabulary are left out first. Then, with `subsample = t`, a word whose share of the text is s
stays with the probability sqrt(t / s). Mikolov et al. 2013; Pennington et al. 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.train.data.huffman import huffman_paths
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table
from treadle.train.data.text import read_text
from treadle.train.data.vocabulary import PADDING, RESERVED, count_words

_MAX_CELLS = 2**28  # of the windows of a text

Numbers = npt.NDArray[np.int64]


def load_skipgrams(request: Request) -> Splits:
    """`skipgrams(path, window, vocabulary, subsample, lower, seed, test, ...)`: pairs of words.

    Raises:
        TreadleError: E0701 for a missing file, E0702 for no UTF-8 text or too many windows, E0708 when no
            word has a neighbour.
    """
    windows = _read_windows(request)
    rows, places = np.nonzero(windows.contexts)
    return _splits({"centres": windows.centres[rows], "contexts": windows.contexts[rows, places]}, request)


def load_word_windows(request: Request) -> Splits:
    """`word_windows(path, window, vocabulary, subsample, lower, seed, paths, test, ...)`: a row per word.

    Raises:
        TreadleError: as `load_skipgrams`.
    """
    windows = _read_windows(request)
    columns: dict[str, Array] = {"centres": windows.centres, "contexts": windows.contexts}
    if request.flag("paths", default=False):
        for name, table in zip(("paths", "turns"), huffman_paths(windows.occurrences), strict=True):
            columns[name] = table[windows.centres]
    return _splits(columns, request)


def load_cooccurrences(request: Request) -> Splits:
    """`cooccurrences(path, window, vocabulary, subsample, lower, seed, test, ...)`: counted pairs.

    Raises:
        TreadleError: as `load_skipgrams`.
    """
    windows = _read_windows(request)
    rows, places = np.nonzero(windows.contexts)
    words, width = len(windows.occurrences), windows.contexts.shape[1] // 2
    distances = np.where(places < width, width - places, places - width + 1)
    pairs = windows.centres[rows] * words + windows.contexts[rows, places]
    kinds, pair = np.unique(pairs, return_inverse=True)
    counts = np.bincount(pair, weights=1 / distances).astype(np.float32)
    return _splits({"centres": kinds // words, "contexts": kinds % words, "counts": counts}, request)


def known_symbols(request: Request) -> tuple[list[str], str]:
    """The words of a text by their numbers, and what stands between two.

    Raises:
        TreadleError: as the sources themselves.
    """
    return _vocabulary(_sentences(request), request), " "


@dataclass(frozen=True)
class _Windows:
    """The words left of a text, what stands around each, and how often each word of the text occurs."""

    centres: Numbers
    contexts: Numbers
    occurrences: list[int]


def _read_windows(request: Request) -> _Windows:
    sentences = _sentences(request)
    words = _vocabulary(sentences, request)
    width = request.integer("window", 5, low=1, high=100)
    numbers, sentence = _known_words(sentences, words)
    occurrences = np.bincount(numbers, minlength=len(words))
    kept = _subsample(numbers, occurrences, request)
    numbers, sentence = numbers[kept], sentence[kept]
    if len(numbers) * 2 * width > _MAX_CELLS:
        request.refuse("E0702", f"makes {len(numbers) * 2 * width:,} neighbours; at most {_MAX_CELLS:,}")
    return _Windows(numbers, _around(numbers, sentence, width), occurrences.tolist())


def _sentences(request: Request) -> list[list[str]]:
    path = request.folders.find(request.text("path"), "a text with a sentence per line", request.span)
    text = read_text(path, request)
    if not text.strip():
        fail("E0708", f"{path} holds no text", request.span)
    text = text.lower() if request.flag("lower", default=True) else text
    return [line.split() for line in text.splitlines()]


def _vocabulary(sentences: Sequence[Sequence[str]], request: Request) -> list[str]:
    size = request.integer("vocabulary", 10_000, low=len(RESERVED) + 1, high=10_000_000)
    return count_words(sentences, size)


def _known_words(sentences: Sequence[Sequence[str]], words: Sequence[str]) -> tuple[Numbers, Numbers]:
    """The numbers of all words of the vocabulary, and in which sentence each stands."""
    by_word = {word: number for number, word in enumerate(words)}
    found = (by_word.get(word, PADDING) for word in chain.from_iterable(sentences))
    numbers = np.fromiter(found, np.int64)
    sentence = np.repeat(np.arange(len(sentences)), [len(words) for words in sentences])
    known = numbers >= len(RESERVED)
    return numbers[known], sentence[known]


def _subsample(numbers: Numbers, occurrences: Numbers, request: Request) -> npt.NDArray[np.bool_]:
    limit = request.number("subsample", 1.0, low=0.0, high=1.0)
    draw = np.random.default_rng(request.integer("seed", 0)).random(len(numbers))
    shares = occurrences[numbers] / max(len(numbers), 1)
    return np.asarray(draw < np.sqrt(limit / shares))


def _around(numbers: Numbers, sentence: Numbers, width: int) -> Numbers:
    """The `width` words on each side of every word; 0 beyond the ends of its sentence."""
    places = np.arange(len(numbers)) + width * (np.unique(sentence, return_inverse=True)[1] + 1)
    line = np.full((places[-1] if len(places) else 0) + width + 1, PADDING, np.int64)
    line[places] = numbers
    offsets = [offset for offset in range(-width, width + 1) if offset]
    around: Numbers = line[places[:, None] + np.array(offsets)]
    return around


def _splits(columns: dict[str, Array], request: Request) -> Splits:
    return split_as_asked(make_table(columns, "the words with neighbours", request.span), request)
