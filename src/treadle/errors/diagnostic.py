"""What the compiler says to a person.

Input: a code, a message in the user's words, spans. Output: `Diagnostic` values. Non-goals: raising them
(`failure`), text layout (`render`), the list of codes (`codes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from treadle.errors.codes import CODES

if TYPE_CHECKING:
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
    notes: tuple[str, ...] = ()  # lines of a table

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
