"""What of CUDA is on this machine: tests that need a part skip with a reason where it is absent."""

from __future__ import annotations

import shutil
from functools import cache
from importlib.util import find_spec

import pytest

from treadle.backends.numba_cuda import presence

INSTALL = "pip install 'treadle[cuda]'"


def _tool(name: str) -> str | None:
    """The path of a tool: that of the pinned wheels, or one of the machine's."""
    if find_spec("cuda") is None or find_spec("cuda.pathfinder") is None:
        return shutil.which(name)
    from cuda.pathfinder import find_nvidia_binary_utility  # noqa: PLC0415 - present in some environments only

    return find_nvidia_binary_utility(name) or shutil.which(name)


tool = cache(_tool)
HAS_COMPILER = find_spec("numba_cuda") is not None
HAS_DISASSEMBLER = tool("cuobjdump") is not None and tool("nvdisasm") is not None


def gpu_problem() -> str | None:
    """Why nothing can run on a GPU here; None where it can."""
    problem = presence.inspect().problem()
    return problem and f"{problem[0]}; try: {problem[1]}"


needs_cuda_compiler = pytest.mark.skipif(not HAS_COMPILER, reason=f"numba-cuda is absent: {INSTALL}")
needs_cublas = pytest.mark.skipif(
    presence.cublas_version() is None or not HAS_COMPILER,
    reason=f"cuBLAS is absent: {presence.INSTALL_CUBLAS}",
)
needs_disassembler = pytest.mark.skipif(
    not (HAS_COMPILER and HAS_DISASSEMBLER), reason=f"numba-cuda, cuobjdump or nvdisasm is absent: {INSTALL}"
)
