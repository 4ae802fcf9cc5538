"""Cases that are not run, by name, each with its reason; docs/conformance.md lists the same names."""

from __future__ import annotations

from .cases import Case

SKIPS: dict[str, str] = {}


def skipped(case: Case) -> str | None:
    """Why a case is not run, if it is not."""
    return SKIPS.get(case.id)
