"""How reading a file can end."""

from __future__ import annotations

from dataclasses import dataclass

READ, REFUSED, BROKEN = "read", "refused", "broken"


@dataclass(frozen=True)
class Verdict:
    """How reading a file went.

    Attributes:
        outcome: READ, REFUSED with a diagnostic, or BROKEN: a traceback, or killed by a limit.
        text: the diagnostics or the traceback.
        grown: bytes by which memory grew at most.
    """

    outcome: str
    text: str
    grown: int
