"""Definitions, references and highlights.

Input: a `Reading` and an offset. Output: locations. References are those of the whole program and of the
other files that are given. Non-goals: which files there are (`workspace`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lsprotocol import types as lsp

from treadle.frontend import ast
from treadle.frontend.symbols import Occurrence, Symbol
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading
from treadle.lsp.where import file_of, location
from treadle.source import Span


def definition(reading: Reading, uri: str, offset: int, encoding: str) -> list[lsp.Location]:
    """Where the name at an offset is given: the last place before it, or the first; files of `use`."""
    one = reading.table.at(offset)
    if one is None:
        return _used_file(reading, offset)
    found = location(_given(one), reading, uri, encoding) if one.symbol.writes else None
    return [] if found is None else [found]


def _given(one: Occurrence) -> Span:
    """Of several places where a name is given, the one that this use means."""
    local = one.symbol.kind in ("value", "column") and one.given is not None
    return one.given if local and one.given is not None else one.symbol.writes[0]


def _used_file(reading: Reading, offset: int) -> list[lsp.Location]:
    block = reading.block_at(offset)
    if not isinstance(block, ast.Use) or reading.path is None:
        return []
    file = (reading.path.parent / block.path).resolve()
    start = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    return [lsp.Location(file.as_uri(), start)] if file.is_file() else []


def highlights(reading: Reading, offset: int, encoding: str) -> list[lsp.DocumentHighlight]:
    """The other places of the name at an offset, in this file."""
    one = reading.table.at(offset)
    if one is None:
        return []
    positions = Positions(reading.source, encoding)
    kinds = {True: lsp.DocumentHighlightKind.Write, False: lsp.DocumentHighlightKind.Read}
    same = reading.table.of(one.symbol.family())
    return [lsp.DocumentHighlight(positions.range(o.span), kinds[o.writes]) for o in same]


def same_symbol(one: Symbol, other: Symbol) -> bool:
    """Whether two symbols of different programs are the same thing: they are given at the same place."""
    if one.home != other.home or one.name != other.name or one.kind != other.kind:
        return False
    if not one.writes or not other.writes:
        return one.home == "compiler"
    return _place(one.writes[0]) == _place(other.writes[0])


def _place(span: Span) -> tuple[Path | str, int]:
    file = file_of(span)
    return span.source.name if file is None else file.resolve(), span.start


def references(
    symbol: Symbol, readings: Iterable[tuple[str, Reading]], *, declaration: bool
) -> Iterator[tuple[str, Reading, Span]]:
    """Everywhere that a symbol is written, in files given with their addresses."""
    for uri, reading in readings:
        family = [
            other
            for other in reading.table.symbols()
            if any(other is own or same_symbol(own, other) for own in symbol.family())
        ]
        for one in reading.table.of([member for other in family for member in other.family()]):
            if declaration or not one.writes:
                yield uri, reading, one.span
