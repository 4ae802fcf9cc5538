"""Which kernels are known to hold the limits: `record.txt`, a line for each kernel and target.

A line holds the target and the beginning of a digest of everything that decides the verdict: the content
address of the machine code (text, parameters, launch bounds, device dialect, versions of the tools), the
dynamic shared memory of its launches, and the rules themselves. So no line can grow stale: what has changed
is not in it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from treadle.backends.numba_cuda.cache import key_of
from treadle.backends.numba_cuda.kernel import KernelSource

RECORD = Path(__file__).with_name("record.txt")
HEADER = "# Kernels that held all limits; written by `python -m tests.cubins`.\n"
TARGETS = ("sm_80", "sm_90a")
RULES = (Path(__file__).with_name("limits.py"), Path(__file__).parents[1] / "support" / "sass.py")
"""The files that say what a limit is."""

Compilation = tuple[KernelSource, int, str]
"""A kernel, the most dynamic shared memory of its launches, and a target."""


def line_of(work: Compilation) -> str:
    """The line that stands in the record once this compilation held the limits."""
    source, shared, target = work
    digest = hashlib.sha256(f"{key_of(source, target)} {shared} {_rules()}".encode())
    return f"{target} {digest.hexdigest()[:20]}"


def read() -> set[str]:
    """The lines of the record."""
    return {line for line in RECORD.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")}


def write(lines: Iterable[str]) -> None:
    """Replaces the record."""
    fresh = RECORD.with_suffix(".new")
    fresh.write_text(HEADER + "".join(f"{line}\n" for line in sorted(set(lines))), encoding="utf-8")
    os.replace(fresh, RECORD)


@cache
def _rules() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in RULES)).hexdigest()
