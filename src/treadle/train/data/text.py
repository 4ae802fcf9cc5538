"""Text as windows of symbols: `chars("shakespeare.txt", length = 64, test = 0.1)`, `words(...)`.

Columns: `inputs` i64[n, length] and `targets` i64[n, length], the same windows one symbol later. The split is
contiguous: training text first, then validation, then test, so that no window is seen twice. Symbols are
numbered in sorted order of the whole text (`words`: by falling frequency, with 0 for all that are rarer
than the vocabulary).
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from treadle.errors import fail
from treadle.train.data.request import Request
from treadle.train.data.table import Splits, Table, make_table
from treadle.train.data.unpacked import Unpacked

RARE = "<rare>"  # stands for all words beyond the vocabulary
_MAX_BYTES = 2**29

Symbols = npt.NDArray[np.int64]


def load_chars(request: Request) -> Splits:
    """`chars(path, length, stride, test, validation)`: windows of characters.

    Raises:
        TreadleError: E0701 for a missing file, E0702 for one that is no UTF-8 text, E0708 for one too short.
    """
    text = _read(request)
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return _windows(np.unique(points, return_inverse=True)[1].astype(np.int64), request)


def load_words(request: Request) -> Splits:
    """`words(path, length, stride, test, validation, vocabulary)`: windows of words divided by blanks."""
    words = np.array(_read(request).split())
    vocabulary = request.integer("vocabulary", 10_000, low=2)
    kinds, inverse, counts = np.unique(words, return_inverse=True, return_counts=True)
    rank = np.empty(len(kinds), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(1, len(kinds) + 1)
    return _windows(np.where(rank < vocabulary, rank, 0)[inverse], request)


def vocabulary(text: str) -> list[str]:
    """The characters of a text in the order of their numbers."""
    return sorted(set(text))


def known_symbols(request: Request) -> tuple[list[str], str]:
    """The characters or words of a request for text, by their numbers, and what stands between two.

    Raises:
        TreadleError: E0701, E0702, E0708 when the text cannot be read.
    """
    text = _read(request)
    if request.loader == "chars":
        return vocabulary(text), ""
    kinds, counts = np.unique(np.array(text.split()), return_counts=True)
    by_frequency = [str(kinds[place]) for place in np.argsort(-counts, kind="stable")]
    return [RARE, *by_frequency][: request.integer("vocabulary", 10_000, low=2)], " "


def read_text(path: Path, request: Request) -> str:
    """The text of a UTF-8 file, plain or .gz.

    Raises:
        TreadleError: E0702 with what was expected and found.
    """
    try:
        with Unpacked(path) as stream:
            found = stream.read(_MAX_BYTES + 1)
        if len(found) > _MAX_BYTES:
            fail("E0702", f"{path} is longer than {_MAX_BYTES:,} bytes", request.span)
        return found.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        fail("E0702", f"{path} cannot be read as UTF-8 text: {error}", request.span)


def _read(request: Request) -> str:
    path = request.folders.find(request.text("path"), "a UTF-8 text file, plain or .gz", request.span)
    text = read_text(path, request)
    if not text.strip():
        fail("E0708", f"{path} holds no text", request.span)
    return text


def _windows(symbols: Symbols, request: Request) -> Splits:
    length = request.integer("length", low=1, high=1_000_000)
    stride = request.integer("stride", length, low=1)
    test = request.number("test", 0.0, low=0.0, high=1.0)
    validation = request.number("validation", 0.0, low=0.0, high=1.0)
    request.finish()
    bounds = [0, *(round(len(symbols) * part) for part in (1 - validation - test, 1 - test)), len(symbols)]
    parts = zip(("train", "validation", "test"), bounds[:-1], bounds[1:], strict=True)
    return {
        name: _split(name, symbols[start:stop], length, stride, request)
        for name, start, stop in parts
        if name == "train" or stop > start
    }


def _split(name: str, symbols: Symbols, length: int, stride: int, request: Request) -> Table:
    if len(symbols) <= length:
        request.refuse("E0708", f"has {len(symbols):,} symbols for `{name}`; a window needs {length + 1:,}")
    windows = np.lib.stride_tricks.sliding_window_view(symbols, length + 1)[::stride]
    return make_table({"inputs": windows[:, :-1], "targets": windows[:, 1:]}, "the text", request.span)
