"""What a run was made with: versions of the libraries that compute, and the machine.

Output: plain data for `run.json`. Non-goals: judging it (`treadle doctor`).
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from treadle import __version__

_LIBRARIES = ("numpy", "numba", "llvmlite", "safetensors")
_CUDA_LIBRARIES = ("numba-cuda", "cuda-bindings")


def versions(device: str = "cpu") -> dict[str, str]:
    """Versions of Treadle, Python and the libraries that compute on a device."""
    found = {"treadle": __version__, "python": platform.python_version()}
    for library in (*_LIBRARIES, *(_CUDA_LIBRARIES if device == "cuda" else ())):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def hardware(device: str = "cpu") -> dict[str, Any]:
    """The machine: system, processor, cores that may be used, memory; the GPUs when they are used."""
    found: dict[str, Any] = {
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }
    if device == "cuda":
        from treadle.backends.numba_cuda.presence import inspect  # noqa: PLC0415 - looks for the driver

        found["gpus"] = [f"{name}, compute capability {level}" for name, level in inspect().devices]
    return found


def _processor() -> str:
    """The name of the processor; Linux tells it in a file only."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
