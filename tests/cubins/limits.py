"""What is wrong with the machine code of a kernel."""

from __future__ import annotations

from support.sass import DYNAMIC_SHARED, broken_limits, read_code
from treadle.backends.numba_cuda.compile import compile_cubin
from treadle.backends.numba_cuda.kernel import KernelSource

EXPECTED = {
    "mma_bf16_16816": "HMMA",
    "ldmatrix_x4": "LDSM",
    "cp_async16": "LDGSTS",
    "shfl_xor_sync": "SHFL",
    "cuda.syncthreads": "BAR",
    "shared_load4": "LDS.128",
}
"""What a name in a kernel's text must become in its machine code."""


def problems(source: KernelSource, shared: int, target: str) -> list[str]:
    """What is wrong with a kernel's machine code for a target."""
    code = read_code(compile_cubin(source, target))
    missing = [
        f"no {opcode}"
        for name, opcode in EXPECTED.items()
        if f"{name}(" in source.text and not code.count(opcode)
    ]
    above = [f"{shared} bytes of dynamic shared memory"] if shared > DYNAMIC_SHARED[target] else []
    return [f"{source.name} for {target}: {what}" for what in broken_limits(source, code) + missing + above]
