"""What a template hands to lowering: kernel steps whose meta arrays lack only addresses.

Input: sizes and structure. Output: `Plan`. Use: compile `sources()` of all plans in one batch, place the
scratch and the table, then take `calls(codes, address_of)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu.program import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from treadle.backends.numba_cpu.kernel import KernelCode, KernelSource
    from treadle.backends.numba_cpu.program import Words

LINE_BYTES = 64


def empty_table() -> Words:
    """Return a table without constants."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Slot:
    """`meta[index]` is the address of the buffer in this role plus `offset` bytes."""

    role: str
    index: int
    offset: int = 0


@dataclass(frozen=True, eq=False)
class Step:
    """One kernel call: its source, its sizes in `meta`, where addresses belong, and kernels that it calls
    itself."""

    source: KernelSource
    meta: Words
    slots: tuple[Slot, ...]
    parallel: bool = True
    callees: tuple[tuple[int, KernelSource], ...] = ()
    """Pairs (index, source): `meta[index]` is the address of that kernel."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Kernel calls in order. The caller places the roles "scratch" (`scratch_bytes`, 64-byte aligned,
    contents need not survive) and, if `table.size`, "table" (the address of `table`, to be kept alive).
    """

    steps: tuple[Step, ...]
    scratch_bytes: int = 0
    table: Words = field(default_factory=empty_table)

    def sources(self) -> list[KernelSource]:
        """Return all kernels to compile."""
        return [
            source for step in self.steps for source in (step.source, *(callee for _, callee in step.callees))
        ]

    def calls(self, codes: Mapping[KernelSource, KernelCode], address_of: Mapping[str, int]) -> list[Call]:
        """Return one call per step, each with a meta array of its own; a missing role or kernel is a
        KeyError."""
        return [_call(step, codes, address_of) for step in self.steps]


def _call(step: Step, codes: Mapping[KernelSource, KernelCode], address_of: Mapping[str, int]) -> Call:
    meta = step.meta.copy()
    for slot in step.slots:
        meta[slot.index] = address_of[slot.role] + slot.offset
    for index, source in step.callees:
        meta[index] = codes[source].address
    return Call(codes[step.source], meta, step.parallel)


def aligned(size: int) -> int:
    """Return `size` bytes rounded up to whole cache lines."""
    return -(-size // LINE_BYTES) * LINE_BYTES
