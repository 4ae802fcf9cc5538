"""Diagnostics in the protocol's form: ranges, related places, pages about codes.

Input: an `Examination`. Output: the diagnostics of its file. What is wrong in a file that is used is shown
at the `use`, with the real place beside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lsprotocol import types as lsp

from treadle.errors import Diagnostic
from treadle.frontend import ast
from treadle.frontend.table_cache import folder
from treadle.lsp.describe import code_page
from treadle.lsp.examination import Examination
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading
from treadle.lsp.where import location
from treadle.source import Span

SOURCE = "treadle"
_UNUSED = ("L0101", "L0103", "L0104")
_MAX_RELATED = 8


def to_lsp(found: Examination, uri: str, encoding: str) -> list[lsp.Diagnostic]:
    """All diagnostics of a file."""
    return [one_to_lsp(diagnostic, found.reading, uri, encoding) for diagnostic in found.diagnostics]


def one_to_lsp(diagnostic: Diagnostic, reading: Reading, uri: str, encoding: str) -> lsp.Diagnostic:
    """One diagnostic."""
    span = own_span(diagnostic, reading)
    message = diagnostic.message + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    page = _page_of(diagnostic.code)
    return lsp.Diagnostic(
        range=Positions(reading.source, encoding).range(span),
        message=message,
        severity=_severity(diagnostic),
        code=diagnostic.code,
        code_description=None if page is None else lsp.CodeDescription(page.as_uri()),
        source=SOURCE,
        tags=[lsp.DiagnosticTag.Unnecessary] if diagnostic.code in _UNUSED else None,
        related_information=_related(diagnostic, span, reading, uri, encoding),
        data={"hint": diagnostic.hint, "text": diagnostic.message},
    )


def own_span(diagnostic: Diagnostic, reading: Reading) -> Span:
    """The place in this file: of the mistake, of the call that led to it, or of the `use` of its file."""
    frames = [frame.span for frame in diagnostic.chain]
    for span in (diagnostic.span, *frames, *(label.span for label in diagnostic.labels)):
        if span is not None and span.source is reading.source:
            return span
    name = "" if diagnostic.span is None else diagnostic.span.source.name
    uses = [block for block in reading.spec.blocks if isinstance(block, ast.Use)]
    named = [use for use in uses if name.endswith(use.path)]
    return (named or uses)[0].span if uses else reading.source.span(0, 0)


def _severity(diagnostic: Diagnostic) -> lsp.DiagnosticSeverity:
    if diagnostic.severity == "error":
        return lsp.DiagnosticSeverity.Error
    return lsp.DiagnosticSeverity.Warning


def _related(
    diagnostic: Diagnostic, shown: Span, reading: Reading, uri: str, encoding: str
) -> list[lsp.DiagnosticRelatedInformation]:
    places = [(label.span, label.text) for label in diagnostic.labels]
    places += [(frame.span, f"in: {frame.text}") for frame in diagnostic.chain if frame.span is not None]
    if diagnostic.span is not None and diagnostic.span is not shown:
        places.insert(0, (diagnostic.span, diagnostic.message))
    found = [(location(span, reading, uri, encoding), text) for span, text in places[:_MAX_RELATED]]
    return [lsp.DiagnosticRelatedInformation(place, text) for place, text in found if place is not None]


@cache
def _page_of(code: str) -> Path | None:
    """A file with the page about a code, for editors that open what a code points to."""
    file = folder() / "explain" / f"{code}.md"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{code_page(code)}\n", encoding="utf-8")
    except OSError:  # no page then: a read-only home folder is no reason to show nothing
        return None
    return file
