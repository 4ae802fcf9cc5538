"""The symbols of a text model: from a prompt to numbers and back.

Input: the data block that the model was trained on. Output: a `Vocabulary`; none for data that is no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treadle.errors import did_you_mean, fail
from treadle.frontend.elaborate.data import data_sources
from treadle.frontend.result import Checked
from treadle.train.data import captions, dates, sentences, text, word_windows
from treadle.train.data.folders import Folders
from treadle.train.data.request import Request

_MODULES = {"chars": text, "words": text, "sentences": sentences, "pairs": sentences}
_MODULES |= {"dates": dates, "captions": captions}
_MODULES |= {"skipgrams": word_windows, "word_windows": word_windows, "cooccurrences": word_windows}
_WINDOWS = ("chars", "words")  # texts without end, of which models see windows


@dataclass(frozen=True)
class Vocabulary:
    """Symbols in the order of their numbers, and what stands between them in a text."""

    symbols: Sequence[str]
    between: str

    def encode(self, text: str) -> list[int]:
        """The numbers of the symbols of a text.

        Raises:
            TreadleError: E1205 for a symbol that the data did not have.
        """
        numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        parts = text.split() if self.between else list(text)
        for part in parts:
            if part not in numbers:
                hint = did_you_mean(part, self.symbols) if self.between else None
                fail("E1205", f"the text of the data has no {part!r}", hint=hint)
        return [numbers[part] for part in parts]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of some numbers; one beyond the vocabulary is shown as it is."""
        known = len(self.symbols)
        return self.between.join(self.symbols[n] if n < known else f"<{n}>" for n in numbers)


def vocabulary_of(
    checked: Checked, data: str | None, arguments: Mapping[str, Any], folders: Folders
) -> Vocabulary | None:
    """The vocabulary of a data block; None when its source is no text, or there is no block."""
    if data is None:
        return None
    for call in data_sources(checked, data, arguments):
        if call.name in _MODULES:
            request = Request(call.name, call.args, call.kwargs, folders, call.span)
            return Vocabulary(*_MODULES[call.name].known_symbols(request))
    return None


def window_length(checked: Checked, data: str | None, arguments: Mapping[str, Any]) -> int | None:
    """How long the windows of a text are that a model was trained on."""
    calls = data_sources(checked, data, arguments) if data else []
    found = [call.kwargs.get("length") for call in calls if call.name in _WINDOWS]
    return next((length for length in found if isinstance(length, int)), None)
