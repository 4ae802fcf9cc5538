"""Cases that are not run, by name, each with its reason; docs/conformance.md lists the same names."""

from __future__ import annotations

from .cases import Case

FLUSHED = "a probability of 1e-40 is 0 to programs that flush subnormal numbers"
SKIPS: dict[tuple[str, str, str], str] = {
    ("nn.functional.binary_cross_entropy/06", "cpu", "f32"): FLUSHED,
}


def skipped(case: Case, backend: str, dtype: str) -> str | None:
    """Why a case is not run there, if it is not."""
    return SKIPS.get((case.id, backend, dtype))
