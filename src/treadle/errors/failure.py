"""The two ways of raising diagnostics: one at once, or several collected.

Input: `Diagnostic` values, or what makes one. Output: a `TreadleError`. Non-goals: text layout (`render`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from treadle.errors.diagnostic import Diagnostic, Frame, Label
from treadle.errors.render import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from treadle.source import Span


class TreadleError(Exception):
    """A user's mistake, or several found together; never empty."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Carry `diagnostics` in the order in which they were found."""
        self.diagnostics = list(diagnostics)
        if not self.diagnostics:
            raise ValueError("a TreadleError needs at least one diagnostic")
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        """All diagnostics in full, as the command line shows them."""
        return "\n\n".join(map(to_text, self.diagnostics))

    @property
    def headlines(self) -> str:
        """Code, place and message of each diagnostic, a line each."""
        return "\n".join(map(str, self.diagnostics))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback through the compiler."""
        return str(self).split("\n")


def fail(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    labels: Iterable[Label] = (),
    chain: Iterable[Frame] = (),
    hint: str | None = None,
) -> NoReturn:
    """Raise a `TreadleError` with one diagnostic."""
    raise TreadleError([Diagnostic(code, message, span, tuple(labels), tuple(chain), hint)])


class Diagnostics:
    """Collects findings, so that a person sees several at once; repeated and excess ones are dropped."""

    def __init__(self, limit: int = 20) -> None:
        """Keep at most `limit` findings."""
        self._limit = limit
        self._found: list[Diagnostic] = []

    def append(self, diagnostic: Diagnostic) -> None:
        """Add one finding unless it is a repetition or the collector is full."""
        if not self.full and not any(_same(diagnostic, other) for other in self._found):
            self._found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add several findings."""
        for diagnostic in diagnostics:
            self.append(diagnostic)

    @property
    def full(self) -> bool:
        """Whether further findings would be dropped; a stage may stop early then."""
        return len(self._found) >= self._limit

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error rather than a warning."""
        return any(diagnostic.severity == "error" for diagnostic in self._found)

    def raise_if_errors(self) -> None:
        """Raise a `TreadleError` with everything found when at least one finding is an error."""
        if self.has_errors:
            raise TreadleError(self._found)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _same(one: Diagnostic, other: Diagnostic) -> bool:
    return (one.code, one.message, one.span) == (other.code, other.message, other.span)
