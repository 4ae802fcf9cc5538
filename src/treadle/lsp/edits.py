"""Edits: formatting, and the repairs that a diagnostic's hint names.

Input: a text, diagnostics. Output: edits of the protocol. A text with a mistake is not formatted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from lsprotocol import types as lsp

from treadle.errors import Diagnostic, TreadleError
from treadle.frontend.format import format_source
from treadle.lsp.diagnostics import one_to_lsp, own_span
from treadle.lsp.examination import Examination
from treadle.lsp.positions import Positions
from treadle.source import Source, Span

_DID_YOU_MEAN = re.compile(r"did you mean `([^`]+)`\?")
_QUOTED = re.compile(r"`([^`]+)`")
_LIKE = 0.5


def formatting(source: Source, encoding: str, lines: tuple[int, int] | None = None) -> list[lsp.TextEdit]:
    """The edits to the uniform layout; only those that touch `lines` (from 0, both included) if given."""
    try:
        text = format_source(source)
    except TreadleError:
        return []
    positions = Positions(source, encoding)
    return [
        lsp.TextEdit(positions.between(start, end), new)
        for start, end, new in _differences(source, text)
        if lines is None or _touches(source, start, end, lines)
    ]


def _differences(source: Source, text: str) -> Iterator[tuple[int, int, str]]:
    """What changes, in whole lines: offsets and the new text."""
    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    offsets = [0]
    for line in before:
        offsets.append(offsets[-1] + len(line))
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield offsets[a], offsets[b], "".join(after[c:d])


def _touches(source: Source, start: int, end: int, lines: tuple[int, int]) -> bool:
    first, last = source.location(start)[0] - 1, source.location(max(start, end - 1))[0] - 1
    return first <= lines[1] and lines[0] <= last


def repairs(found: Examination, uri: str, start: int, end: int, encoding: str) -> Iterator[lsp.CodeAction]:
    """Quick fixes of the diagnostics between two offsets."""
    for diagnostic in found.diagnostics:
        span = own_span(diagnostic, found.reading)
        if span.start <= end and start <= span.end:
            repair = repair_of(diagnostic, span)
            if repair is not None:
                yield _action(found, diagnostic, repair, uri, encoding)


def _action(
    found: Examination, diagnostic: Diagnostic, repair: tuple[Span, str], uri: str, encoding: str
) -> lsp.CodeAction:
    span, new = repair
    edit = lsp.TextEdit(Positions(found.reading.source, encoding).range(span), new)
    return lsp.CodeAction(
        title=f"Replace `{span.text}` by `{new}`",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[one_to_lsp(diagnostic, found.reading, uri, encoding)],
        edit=lsp.WorkspaceEdit(changes={uri: [edit]}),
        is_preferred=True,
    )


def repair_of(diagnostic: Diagnostic, span: Span) -> tuple[Span, str] | None:
    """The place of the wrong word of a did-you-mean, and the right one."""
    meant = _DID_YOU_MEAN.search(diagnostic.hint or "")
    if meant is None:
        return None
    right = meant[1].rpartition(".")[2]
    quoted = (word.rpartition(".")[2] for word in _QUOTED.findall(diagnostic.message))
    wrong = sorted({*quoted} - {right}, key=lambda word: -SequenceMatcher(None, word, right).ratio())
    if not wrong or SequenceMatcher(None, wrong[0].lower(), right.lower()).ratio() < _LIKE:
        return None
    place = _find(wrong[0], span)
    return None if place is None else (place, right)


def _find(word: str, span: Span) -> Span | None:
    """A word in a span, or the last one before it on its line: the name of an argument."""
    text, pattern = span.source.text, re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    inside = pattern.search(text, span.start, span.end)
    line = text.rfind("\n", 0, span.start) + 1
    before: Iterable[re.Match[str]] = pattern.finditer(text, line, span.start)
    found = inside or next(iter([*before][::-1]), None)
    return None if found is None else span.source.span(*found.span())
