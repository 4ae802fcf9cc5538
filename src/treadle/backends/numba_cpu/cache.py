"""What addresses the object code of a CPU kernel in the code store.

Input: a kernel source. Output: its key, which covers the source, every helper module whose code is inlined,
the versions of the tools and the processor.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.backends.code_store import folder, prune, read, write
from treadle.backends.numba_cpu import cpu

if TYPE_CHECKING:
    from treadle.backends.numba_cpu.kernel import KernelSource

__all__ = ["folder", "key_of", "prune", "read", "write"]

_INLINED = (
    "abi.py", "buffers.py", "emit.py", "formulas.py", "front.py", "halves.py", "objects.py", "random.py",
    "sync.py", "vmath.py", "templates/micro.py",
)  # fmt: skip


def key_of(source: KernelSource) -> str:
    """Return the content address of a kernel; its name does not count."""
    return hashlib.sha256(_environment() + source.text.encode()).hexdigest()


@cache
def _environment() -> bytes:
    """Digest all that decides object code besides a kernel's own text."""
    here, host = Path(__file__).parent, cpu.host()
    parts = [host.name, host.features, version("numba"), version("llvmlite")]
    parts += [(here / name).read_text(encoding="utf-8") for name in _INLINED]
    return hashlib.sha256("\0".join(parts).encode()).digest()
