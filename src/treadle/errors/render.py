"""Prints diagnostics: as text with the source line and a caret, or as JSON for tools.

Input: `Diagnostic` values. Output: strings and plain dictionaries. Non-goals: colour (the command line adds
it), explanations (`codes`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from treadle.errors.codes import CODES
from treadle.errors.diagnostic import Diagnostic, Frame
from treadle.errors.excerpt import excerpt, printable
from treadle.source import Span

MAX_FRAMES = 12


def to_text(diagnostic: Diagnostic) -> str:
    """Return the diagnostic in full: headline, excerpt with caret, labels, chain of calls, hint."""
    gutter = " " * _gutter_width(diagnostic)
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {printable(diagnostic.message)}"]
    if diagnostic.span is not None:
        lines += [f"{gutter}--> {diagnostic.span}", f"{gutter} |", *_numbered(diagnostic.span, "^", gutter)]
    below = diagnostic.labels or diagnostic.chain or diagnostic.notes or diagnostic.hint
    if diagnostic.span is not None and below:
        lines.append(f"{gutter} |")
    for label in diagnostic.labels:
        lines.append(f"{gutter} ::: {label.span}   {printable(label.text)}")
        lines += _numbered(label.span, "-", gutter)
    lines += [f"{gutter} = in: {_frame(frame)}" for frame in _shortened(diagnostic.chain)]
    lines += [f"{gutter} | {printable(note)}" for note in diagnostic.notes]
    if diagnostic.hint:
        lines.append(f"{gutter} = hint: {printable(diagnostic.hint)}")
    return "\n".join(lines)


def all_to_text(diagnostics: Iterable[Diagnostic]) -> str:
    """Return several diagnostics, an empty line between them."""
    return "\n\n".join(to_text(diagnostic) for diagnostic in diagnostics)


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return the diagnostic as plain data, ready for `json.dumps`; lines and columns count from 1."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "title": diagnostic.title,
        "message": diagnostic.message,
        "span": _span_to_json(diagnostic.span),
        "labels": [{"text": label.text, "span": _span_to_json(label.span)} for label in diagnostic.labels],
        "chain": [{"text": frame.text, "span": _span_to_json(frame.span)} for frame in diagnostic.chain],
        "notes": list(diagnostic.notes),
        "hint": diagnostic.hint,
    }


def explain(code: str) -> str:
    """Return the page about `code`, which must be in `CODES`."""
    info = CODES[code]
    example = "\n".join(f"    {line}" for line in info.example.splitlines())
    return f"{info.code}: {info.title}\n\n{info.explanation}\n\n{example}"


def _numbered(span: Span, mark: str, gutter: str) -> list[str]:
    shown = excerpt(span, mark)
    return [f"{span.line:>{len(gutter)}} | {shown.text}".rstrip(), f"{gutter} | {shown.marks}"]


def _gutter_width(diagnostic: Diagnostic) -> int:
    spans = [diagnostic.span, *(label.span for label in diagnostic.labels)]
    return 1 + max((len(str(span.line)) for span in spans if span is not None), default=1)


def _frame(frame: Frame) -> str:
    where = f" at {frame.span}" if frame.span is not None else ""
    return printable(frame.text) + where


def _shortened(chain: tuple[Frame, ...]) -> list[Frame]:
    """The innermost and outermost frames of a long chain; recursion would fill the screen otherwise."""
    if len(chain) <= MAX_FRAMES:
        return list(chain)
    half = MAX_FRAMES // 2
    return [*chain[:half], Frame(f"... {len(chain) - 2 * half} more ..."), *chain[-half:]]


def _span_to_json(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    end_line, end_col = span.source.location(span.end)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.col,
        "end_line": end_line,
        "end_column": end_col,
    }
