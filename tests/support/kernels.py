"""Helpers for tests of compiled kernels: poisoned arrays, and plans run on arrays by role."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from treadle.backends.numba_cpu.compile import compile_kernels
from treadle.backends.numba_cpu.program import Program
from treadle.backends.numba_cpu.templates.plan import Plan


def aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return an array of NaN (or -1) that begins a cache line: what a kernel forgets to write shows."""
    size, item = int(np.prod(shape)), np.dtype(dtype).itemsize
    raw = np.full(size + 64 // item, np.nan if dtype.startswith("f") else -1, dtype)
    skip = -(raw.ctypes.data // item) % (64 // item)
    return raw[skip : skip + size].reshape(shape)


def run_plan(plan: Plan, arrays: Mapping[str, np.ndarray], threads: int) -> None:
    """Run a plan on arrays by role, its scratch poisoned."""
    scratch = aligned((plan.scratch_bytes // 8 + 8,), "f8")
    address_of = {role: array.ctypes.data for role, array in arrays.items()}
    address_of |= {"scratch": scratch.ctypes.data, "table": plan.table.ctypes.data}
    sources = plan.sources()
    codes = dict(zip(sources, compile_kernels(sources), strict=True))
    Program(plan.calls(codes, address_of), threads).run()
