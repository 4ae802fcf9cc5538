"""A program: calls and counted loops over loaded kernels, flattened into the driver's instruction table.

Input: kernels with their meta arrays, in order. Output: `run()`, one entry into compiled code. Meta arrays
stay alive and may be changed between runs. Non-goals: what the buffers mean, where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from treadle.backends.numba_cpu import driver
from treadle.backends.numba_cpu.team import team_of
from treadle.backends.numba_cpu.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from treadle.backends.numba_cpu.kernel import KernelCode

    Words = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Call:
    """One kernel call; `meta` is passed by address. Without `parallel` the kernel runs as part 0 of 1."""

    kernel: KernelCode
    meta: Words
    parallel: bool = True

    def __post_init__(self) -> None:
        """Refuse arrays whose address or layout the kernel could not use."""
        if self.meta.dtype != np.int64 or not self.meta.flags.c_contiguous:
            raise TypeError(f"meta of kernel {self.kernel.name!r} must be a contiguous int64 array")


@dataclass(frozen=True, eq=False)
class Patch:
    """After each iteration of a loop, `call.meta[slot] += delta`; undone when the loop ends."""

    call: Call
    slot: int
    delta: int


@dataclass(frozen=True, eq=False)
class Loop:
    """The body `count` times, its calls' meta words moved on by the patches; bodies may contain loops."""

    count: int
    body: Sequence[Call | Loop]
    patches: Sequence[Patch] = ()


class Program:
    """Instructions ready to run on a team of threads."""

    def __init__(self, instructions: Sequence[Call | Loop], threads: int | None = None) -> None:
        """Flatten the instructions; `threads` defaults to `thread_count()`."""
        self._instructions = tuple(instructions)
        self._patches: list[Words] = []
        rows = [*self._rows(self._instructions, 0), (driver.HALT, 0, 0, 0, 0, 0)]
        self._table: Words = np.array(rows, np.int64)
        self._address: int = self._table.ctypes.data
        self._team = team_of(threads or thread_count())

    @property
    def threads(self) -> int:
        """The number of threads that share parallel calls."""
        return self._team.parts

    def run(self) -> None:
        """Run every instruction once, the GIL released; denormals are flushed to zero meanwhile."""
        self._team.walk(self._address)

    def _rows(self, instructions: Sequence[Call | Loop], begin: int) -> list[tuple[int, ...]]:
        """Return the rows of instructions whose first is at position `begin`."""
        rows: list[tuple[int, ...]] = []
        for instruction in instructions:
            if isinstance(instruction, Call):
                rows.append(_call_row(instruction))
            else:
                rows.extend(self._loop_rows(instruction, begin + len(rows)))
        return rows

    def _loop_rows(self, loop: Loop, begin: int) -> list[tuple[int, ...]]:
        body = self._rows(loop.body, begin + 1)
        end = begin + 1 + len(body)
        patches = np.array([_patch_words(patch) for patch in loop.patches], np.int64).reshape(-1, 2)
        self._patches.append(patches)
        head = (driver.LOOP, loop.count, end, 0, 0, 0)
        return [head, *body, (driver.END, begin, patches.ctypes.data, len(patches), loop.count, 0)]


def _call_row(call: Call) -> tuple[int, ...]:
    return driver.CALL, call.kernel.address, call.meta.ctypes.data, int(call.parallel), 0, 0


def _patch_words(patch: Patch) -> tuple[int, int]:
    if not 0 <= patch.slot < patch.call.meta.size:
        raise IndexError(f"patch of slot {patch.slot} in a meta array of {patch.call.meta.size} words")
    return patch.call.meta.ctypes.data + 8 * patch.slot, patch.delta
