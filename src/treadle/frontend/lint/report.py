"""Makes findings: diagnostics that are warnings."""

from __future__ import annotations

from treadle.errors import Diagnostic
from treadle.source import Span


def warning(code: str, message: str, span: Span | None, hint: str | None = None) -> Diagnostic:
    """A finding that does not make the spec wrong."""
    return Diagnostic(code, message, span, hint=hint, severity="warning")
