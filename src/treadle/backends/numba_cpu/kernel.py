"""A kernel before and after compilation, and the one calling convention that all kernels share.

`void kernel(int64 meta, int64 part, int64 parts)`: `meta` is the address of an int64 array that holds
absolute buffer addresses and sizes; the kernel does share `part` of `parts` of the work. Kernels depend on
structure only, so that one compiled kernel serves many layers and models. Imports neither numba nor llvmlite.
"""

from __future__ import annotations

from dataclasses import dataclass

ENTRY = "kernel"
"""The name that a kernel's function must have in its source text."""


@dataclass(frozen=True)
class KernelSource:
    """Python source text that defines `kernel(meta, part, parts)`; the name is for people, not for the cache
    key."""

    name: str
    text: str


@dataclass(frozen=True)
class KernelCode:
    """A loaded kernel: `address` is callable as `void(int64, int64, int64)` as long as `keeper` is alive."""

    name: str
    key: str
    address: int
    keeper: object
