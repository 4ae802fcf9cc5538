"""Renaming: all places of a symbol at once, or a reason why not.

Input: a symbol and the files that know it. Output: edits by address. A renaming is tried before it is
offered: afterwards every name must mean what it meant before, and no new mistake may be there. So clashes
and captures are refused whatever their cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types as lsp

from treadle.frontend import ast
from treadle.frontend.recovery import DraftReader
from treadle.frontend.symbols import Symbol
from treadle.lsp.examination import examine
from treadle.lsp.navigation import references
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading, read
from treadle.source import Source, Span

_NAME = re.compile(r"[^\W\d]\w*")
RESERVED = frozenset(
    ["and", "else", "false", "fn", "for", "if", "in", "not", "or", "return", "scan", "true", "yield"]
)
_FIXED = ("split", "source", "builtin")


class Refused(Exception):  # noqa: N818 - an answer to the user, not a failure
    """Why a name cannot be changed."""


@dataclass(frozen=True)
class File:
    """One file that takes part, with the places that change."""

    uri: str
    reading: Reading
    spans: tuple[Span, ...]

    def changed(self, name: str) -> str:
        """Its text afterwards."""
        pieces, end, text = [], 0, self.reading.source.text
        for span in self.spans:
            pieces += [text[end : span.start], name]
            end = span.end
        return "".join([*pieces, text[end:]])


def check_renamable(symbol: Symbol, reading: Reading) -> None:
    """Refuse what is not the user's to rename.

    Raises:
        Refused: for names of the library and of the compiler, and columns that come from a data file.
    """
    if symbol.home != "file" or symbol.kind in _FIXED:
        owner = "the library" if symbol.home == "library" else "the language"
        raise Refused(f"`{symbol.name}` belongs to {owner}")
    if not symbol.writes:
        raise Refused(f"`{symbol.name}` has no name of its own here; give it one with `as`")
    if symbol.kind in ("input", "target") and not symbol.linked and _has_data(symbol, reading):
        raise Refused(f"the data have a column `{symbol.name}` that no line of this file defines")


def _has_data(symbol: Symbol, reading: Reading) -> bool:
    """Whether the model of an input is trained on data of this file."""
    for block in reading.spec.blocks:
        if isinstance(block, ast.Train | ast.Generate) and block.data is not None:
            model = reading.model_of(block)
            if model is not None and _lies_in(symbol.node, model.node):
                return True
    return False


def _lies_in(node: ast.Node | None, outer: ast.Node | None) -> bool:
    if node is None or outer is None or node.span.source is not outer.span.source:
        return False
    return outer.span.start <= node.span.start and node.span.end <= outer.span.end


def rename(symbol: Symbol, name: str, readings: Sequence[tuple[str, Reading]]) -> list[File]:
    """The files that change when a symbol gets another name.

    Raises:
        Refused: when the name is none, or the result would mean something else.
    """
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise Refused(f"`{name}` cannot be a name")
    check_renamable(symbol, readings[0][1])
    files = _files(symbol, readings)
    texts = {file.uri: file.changed(name) for file in files}
    for file in files:
        _check_same(file, name, texts[file.uri], _others(files, texts, file))
    return files


def workspace_edit(files: Iterable[File], name: str, encoding: str) -> lsp.WorkspaceEdit:
    """The edits of a renaming, by address."""
    changes: dict[str, Sequence[lsp.TextEdit]] = {}
    for file in files:
        positions = Positions(file.reading.source, encoding)
        changes[file.uri] = [lsp.TextEdit(positions.range(span), name) for span in file.spans]
    return lsp.WorkspaceEdit(changes=changes)


def _files(symbol: Symbol, readings: Iterable[tuple[str, Reading]]) -> list[File]:
    found: dict[str, tuple[Reading, set[tuple[int, int]]]] = {}
    for uri, reading, span in references(symbol, readings, declaration=True):
        found.setdefault(uri, (reading, set()))[1].add((span.start, span.end))
    return [
        File(uri, reading, tuple(reading.source.span(*place) for place in sorted(places)))
        for uri, (reading, places) in found.items()
    ]


def _others(files: Sequence[File], texts: Mapping[str, str], own: File) -> dict[Path, str]:
    return {
        file.reading.path.resolve(): texts[file.uri]
        for file in files
        if file is not own and file.reading.path is not None
    }


def _stands_elsewhere(file: File, name: str) -> bool:
    """Whether the text holds the old or the new name at other places: in patterns, or out of sight."""
    old = file.spans[0].text
    words = re.findall(rf"(?<!\w)(?:{re.escape(old)}|{re.escape(name)})(?!\w)", file.reading.code)
    return len(words) > len(file.spans)


def _check_same(file: File, name: str, text: str, others: Mapping[Path, str]) -> None:
    """Refuse a result in which a name means something else than before, or that has new mistakes."""
    before = file.reading
    after = read(Source(before.source.name, text), before.path, others, DraftReader())
    old, new = before.table.occurrences, after.table.occurrences
    pairs = {(id(a.symbol), id(b.symbol)) for a, b in zip(old, new, strict=False)}
    same = len(old) == len(new) and len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    if not same:
        raise Refused(f"`{name}` means something else already")
    if not before.problems and _stands_elsewhere(file, name):
        codes = {problem.code for problem in examine(before).diagnostics}
        fresh = [p for p in examine(after).diagnostics if p.code not in codes and p.severity == "error"]
        if fresh:
            raise Refused(f"it would not be right any more: {fresh[0].message}")
