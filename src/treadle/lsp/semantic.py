"""Semantic tokens, folding ranges and inlay hints: what the editor paints over a text.

Input: a `Reading` or an `Examination`. Output: the protocol's forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types as lsp

from treadle.frontend.symbols import Kind, Occurrence
from treadle.lsp.examination import Examination
from treadle.lsp.hover import what_is
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading
from treadle.types import TensorType

_TYPES: dict[Kind, str] = {
    "model": "class", "layer": "class", "function": "function", "optimizer": "class", "schedule": "function",
    "initialiser": "function", "constant": "variable", "data": "class", "file": "namespace",
    "training": "class", "setting": "parameter", "input": "variable", "target": "variable",
    "output": "variable", "loss": "variable", "metric": "variable", "weight": "property", "state": "property",
    "value": "variable", "dimension": "typeParameter", "phase": "namespace", "split": "variable",
    "column": "variable", "source": "function", "builtin": "function",
}  # fmt: skip
_MODIFIERS = ["declaration", "readonly", "defaultLibrary"]
LEGEND = lsp.SemanticTokensLegend(sorted(set(_TYPES.values())), _MODIFIERS)
_READONLY: frozenset[Kind] = frozenset({"constant", "dimension", "input", "target"})
_BRACES = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}]')
_HINTED: frozenset[Kind] = frozenset({"value", "output", "loss", "metric", "column"})


def tokens(reading: Reading, encoding: str) -> lsp.SemanticTokens:
    """All names of a file, as five numbers each."""
    positions = Positions(reading.source, encoding)
    data: list[int] = []
    line = character = 0
    for one in reading.table.occurrences:
        start = positions.position(one.span.start)
        length = positions.position(one.span.end).character - start.character
        same_line = start.line == line
        data += [start.line - line, start.character - character if same_line else start.character, length]
        data += [LEGEND.token_types.index(_TYPES[one.symbol.kind]), _modifiers(one)]
        line, character = start.line, start.character
    return lsp.SemanticTokens(data)


def _modifiers(one: Occurrence) -> int:
    first = one.writes and bool(one.symbol.writes) and one.symbol.writes[0] == one.span
    flags = (first, one.symbol.kind in _READONLY, one.symbol.home != "file")
    return sum(1 << number for number, flag in enumerate(flags) if flag)


def folds(reading: Reading) -> list[lsp.FoldingRange]:
    """Bodies in braces, and comments of several lines."""
    return [*_bodies(reading), *_comments(reading)]


def _bodies(reading: Reading) -> Iterator[lsp.FoldingRange]:
    opened: list[int] = []
    for found in _BRACES.finditer(reading.code):
        if found[0] == "{":
            opened.append(reading.source.location(found.start())[0])
        elif found[0] == "}" and opened:
            first, last = opened.pop(), reading.source.location(found.start())[0]
            if last > first + 1:
                yield lsp.FoldingRange(first - 1, last - 2, kind=lsp.FoldingRangeKind.Region)


def _comments(reading: Reading) -> Iterator[lsp.FoldingRange]:
    first = None
    lines = [*reading.source.text.split("\n"), ""]
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            first = number if first is None else first
        elif first is not None:
            if number - first > 1:
                yield lsp.FoldingRange(first, number - 1, kind=lsp.FoldingRangeKind.Comment)
            first = None


def hints(found: Examination, start: int, end: int, encoding: str) -> list[lsp.InlayHint]:
    """The shapes of the values that names are given to, between two offsets."""
    positions = Positions(found.reading.source, encoding)
    shown = []
    for one in found.reading.table.occurrences:
        if one.writes and start <= one.span.start < end and one.symbol.kind in _HINTED:
            types = [what for what in what_is(found, one) if isinstance(what, TensorType)]
            if types:
                text = f": {types[0]}" + (" ..." if len(types) > 1 else "")
                place = positions.position(one.span.end)
                shown.append(lsp.InlayHint(place, text, lsp.InlayHintKind.Type, tooltip=_tooltip(types)))
    return shown


def _tooltip(types: list[TensorType]) -> str | None:
    return "also " + ", ".join(map(str, types[1:])) if len(types) > 1 else None
