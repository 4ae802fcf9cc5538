"""Sentences and pairs of sentences from text tables.

`sentences("rt_polarity.tsv.gz", text = "sentence", label = "label", length = 48, vocabulary = 10000)` gives
`tokens` i64[n, length], `lengths` i64[n] and, with a label, `labels` i64[n]. `synonyms = [["film", "movie"],
...]` adds `synonyms` i64[n, length]: the tokens, each of a group replaced by the next one in it.

`pairs("multi30k.tsv.gz", source = "en", target = "de", length = 24, vocabulary = 5000)` gives `source`,
`target` i64[n, length], both between a begin and an end mark, `source_lengths` and `target_lengths`.

Words are divided by blanks, in lower case unless `lower = false`; `level = "char"` takes characters instead.
Numbers 0 to 3 are reserved (see `vocabulary.py`); vocabularies are made from the training split.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from treadle.errors import did_you_mean, fail
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, Table, make_table
from treadle.train.data.text import read_text
from treadle.train.data.vocabulary import RESERVED, count_words, encode

_MAX_ROWS = 10_000_000
_SPLIT_NAMES = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}

Column = list[str]


def load_sentences(request: Request) -> Splits:
    """`sentences(path, text, label, length, vocabulary, level, lower, separator, synonyms, test, ...)`.

    Raises:
        TreadleError: E0314 for synonyms that are no groups of words, E0701 for a missing file, E0702 for no
            UTF-8 text or ragged rows, E0706 for missing columns, E0708 without rows.
    """
    read = _read_sentences(request)
    words = read.vocabulary("text")
    tokens, lengths = encode(read.sides["text"], words, read.length)
    columns = {"tokens": tokens, "lengths": lengths} | read.labels
    if read.synonyms:
        columns["synonyms"] = encode(_replaced(read, set(words)), words, read.length)[0]
    return _tables(columns, read, request)


def _replaced(read: _Read, known: set[str]) -> list[list[str]]:
    """The sentences with synonyms, where they are in the vocabulary."""
    others = {word: other for word, other in read.synonyms.items() if other in known}
    return [[others.get(word, word) for word in sentence] for sentence in read.sides["text"]]


def load_pairs(request: Request) -> Splits:
    """`pairs(path, source, target, length, vocabulary, level, lower, separator, split, test, ...)`.

    With `split = "column"`, that column names the split of each row: `train`, `val`, `validation`, or a word
    that begins with `test`.

    Raises:
        TreadleError: as `load_sentences`; E0708 when no row is for training.
    """
    read = _read_pairs(request)
    columns: dict[str, Array] = {}
    for side, sentences in read.sides.items():
        words = read.vocabulary(side)
        columns[side], columns[f"{side}_lengths"] = encode(sentences, words, read.length, marked=True)
    return _tables(columns, read, request)


def known_symbols(request: Request) -> tuple[list[str], str]:
    """The words of `sentences`, or of the targets of `pairs`, by their numbers; what stands between two.

    Raises:
        TreadleError: as the sources themselves.
    """
    if request.loader == "pairs":
        read = _read_pairs(request)
        return read.vocabulary("target"), read.texts.between
    read = _read_sentences(request)
    return read.vocabulary("text"), read.texts.between


@dataclass(frozen=True)
class _Read:
    """Sentences divided into words, and which rows belong to which split."""

    texts: _Texts
    sides: dict[str, list[list[str]]]
    labels: dict[str, Array]
    rows: dict[str, list[int]]
    length: int
    size: int
    synonyms: dict[str, str] = field(default_factory=dict)

    def vocabulary(self, side: str) -> list[str]:
        """The words of the sentences to train on, by their numbers."""
        return count_words((self.sides[side][row] for row in self.rows["train"]), self.size)


def _read_sentences(request: Request) -> _Read:
    texts = _Texts(request)
    sentences = texts.words("text")
    label = request.optional_text("label")
    labels = {} if label is None else {"labels": _class_numbers(texts.column(label))}
    sizes = _sizes(request)
    others = _synonyms(request)
    rows = _random_rows(len(sentences), request)
    return _Read(texts, {"text": sentences}, labels, rows, *sizes, others)


def _synonyms(request: Request) -> dict[str, str]:
    """For each word of a group the next one, for the last the first."""
    groups = request.word_groups("synonyms")
    return {word: group[(place + 1) % len(group)] for group in groups for place, word in enumerate(group)}


def _read_pairs(request: Request) -> _Read:
    texts = _Texts(request)
    sides = {side: texts.words(side) for side in ("source", "target")}
    named = request.optional_text("split")
    marks = None if named is None else texts.column(named)
    sizes = _sizes(request)
    count = len(sides["source"])
    rows = _random_rows(count, request) if marks is None else _named_rows(marks, request)
    return _Read(texts, sides, {}, rows, *sizes)


class _Texts:
    """The columns of a text table, and how its sentences divide into words."""

    def __init__(self, request: Request) -> None:
        self._request = request
        expected = "a text table with a header, plain or .gz"
        self.path: Path = request.folders.find(request.text("path"), expected, request.span)
        self._level = request.text("level", "word")
        self._lower = request.flag("lower", default=True)
        if self._level not in {"word", "char"}:
            request.refuse("E0314", f'needs "word" or "char" for `level`, not {self._level!r}')
        self._columns = self._read(request.text("separator", "\t"))

    @property
    def between(self) -> str:
        """What stands between two words."""
        return "" if self._level == "char" else " "

    def column(self, name: str) -> Column:
        """A column by its name in the header."""
        if name not in self._columns:
            hint = did_you_mean(name, self._columns) or f"it has: {', '.join(self._columns)}"
            fail("E0706", f"{self.path} has no column `{name}`", self._request.span, hint=hint)
        return self._columns[name]

    def words(self, argument: str) -> list[list[str]]:
        """The words of each row of the column that an argument names."""
        cells = self.column(self._request.text(argument, argument))
        cells = [cell.lower() for cell in cells] if self._lower else cells
        return [list(cell) if self._level == "char" else cell.split() for cell in cells]

    def _read(self, separator: str) -> dict[str, Column]:
        lines = read_text(self.path, self._request).split("\n")
        lines = lines[:-1] if lines and not lines[-1] else lines
        header, *rows = [line.split(separator) for line in lines[: _MAX_ROWS + 1]] or [[]]
        if not rows:
            fail("E0702", f"{self.path} holds no rows: expected a header and rows", self._request.span)
        for number, row in enumerate(rows, start=2):
            if len(row) != len(header):
                found = f"row {number}: expected {len(header)} cells, found {len(row)}"
                fail("E0702", f"{self.path}: {found}", self._request.span)
        return {name.strip(): list(cells) for name, *cells in zip(header, *rows, strict=True)}


def _sizes(request: Request) -> tuple[int, int]:
    length = request.integer("length", low=3, high=100_000)
    return length, request.integer("vocabulary", 10_000, low=len(RESERVED) + 1, high=10_000_000)


def _class_numbers(cells: Column) -> Array:
    return np.unique(np.array(cells), return_inverse=True)[1].astype(np.int64)


def _random_rows(count: int, request: Request) -> dict[str, list[int]]:
    splits = split_as_asked(Table({"rows": np.arange(count)}), request)
    return {name: [int(row) for row in split.columns["rows"]] for name, split in splits.items()}


def _named_rows(marks: Column, request: Request) -> dict[str, list[int]]:
    request.finish()
    rows: dict[str, list[int]] = {"train": []}
    for row, mark in enumerate(marks):
        name = "test" if mark.startswith("test") else _SPLIT_NAMES.get(mark)
        if name is None:
            request.refuse("E0314", f"knows no split {mark!r}", "splits are: train, validation, test")
        rows.setdefault(name, []).append(row)
    if not rows["train"]:
        request.refuse("E0708", "leaves no examples for `train`")
    return rows


def _tables(columns: dict[str, Array], read: _Read, request: Request) -> Splits:
    whole = make_table(columns, str(read.texts.path), request.span)
    return {name: whole.take(np.array(chosen, np.int64)) for name, chosen in read.rows.items()}
