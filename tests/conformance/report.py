"""What a run prints: a table with a line per op, and the reasons of failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .runner import Verdict

STATUSES = ("passed", "failed", "skipped")


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line per op: family, name, counts."""
    yield f"{'family':15}{'op':45}{'passed':>7}{'failed':>8}{'skipped':>9}"
    for family, op in dict.fromkeys((verdict.family, verdict.op) for verdict in verdicts):
        counts = Counter(
            verdict.status for verdict in verdicts if (verdict.family, verdict.op) == (family, op)
        )
        yield f"{family:15}{op:45}{counts['passed']:7}{counts['failed']:8}{counts['skipped']:9}"


def reasons(verdicts: Sequence[Verdict], status: str) -> Iterator[str]:
    """The cases of a status with what was found."""
    for verdict in verdicts:
        if verdict.status == status:
            text = "\n".join(verdict.reasons).replace("\n", "\n    ")
            yield f"{verdict.id} {status}:\n    {text}"


def summary(verdicts: Sequence[Verdict]) -> str:
    """`N passed, M failed, K skipped`."""
    counts = Counter(verdict.status for verdict in verdicts)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES)
