"""What the compiler says to a person: diagnostics, and the two ways of raising them.

Input: a code, a message in the user's words, spans. Output: `Diagnostic` values carried by `TreadleError`.
Non-goals: text layout (`render`), the list of codes (`codes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from treadle.errors.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from treadle.source import Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that matters, with a few words about it: where an operand was defined."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One step of the chain of layer calls that led to the error."""

    text: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. Raises KeyError for a code that is not in `CODES`: that is a bug of the compiler's."""

    code: str
    message: str
    span: Span | None = None
    labels: tuple[Label, ...] = ()
    chain: tuple[Frame, ...] = ()
    hint: str | None = None
    severity: Severity = "error"

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise KeyError(f"diagnostic code {self.code} is not registered in treadle.errors.codes")

    @property
    def title(self) -> str:
        """The title of the code: the class of mistake, without this case's particulars."""
        return CODES[self.code].title

    def __str__(self) -> str:
        where = f"{self.span}: " if self.span else ""
        return f"{where}{self.severity}[{self.code}]: {self.message}"


class TreadleError(Exception):
    """A user's mistake, or several found together; never empty."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Carry `diagnostics` in the order in which they were found."""
        self.diagnostics = list(diagnostics)
        if not self.diagnostics:
            raise ValueError("a TreadleError needs at least one diagnostic")
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


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
