"""What the processor can do: the facts that decide tile shapes, LLVM features and cache keys.

Input: the machine, through LLVM's own detection. Output: `Cpu`. Non-goals: caches sizes, core counts
(threads.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import llvmlite.binding as llvm


@dataclass(frozen=True)
class Cpu:
    """LLVM's name for the processor, its feature string, and the width of its vectors in bits."""

    name: str
    features: str
    vector_bits: int

    def lanes(self, bits: int) -> int:
        """Return how many elements of `bits` bits fill one vector register."""
        return self.vector_bits // bits


@cache
def host() -> Cpu:
    """Return the processor this process runs on."""
    features = llvm.get_host_cpu_features()
    return Cpu(llvm.get_host_cpu_name(), features.flatten(), _vector_bits(features))


def _vector_bits(features: dict[str, bool]) -> int:
    if all(features.get(name, False) for name in ("avx512f", "avx512vl", "avx512dq", "avx512bw")):
        return 512
    if features.get("avx2", False) and features.get("fma", False):
        return 256
    return 128
