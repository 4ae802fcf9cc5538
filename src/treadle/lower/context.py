"""What all blocks of one program share while it is lowered: buffers, loop numbers, the target."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

from treadle.lower.storage import Buffer, BufferKind, Storage, whole
from treadle.lower.target import ONE_THREAD, Target
from treadle.types import DType


@dataclass
class Context:
    """Makes buffers. `loop` is the number of the scan whose body is being lowered, None outside of all."""

    target: Target = ONE_THREAD
    buffers: list[Buffer] = field(default_factory=list)
    loop: int | None = None
    _loops: int = 0

    def new_loop(self) -> int:
        """A new loop number."""
        self._loops += 1
        return self._loops - 1

    def buffer(
        self, name: str, dtype: DType, elements: int, kind: BufferKind, values: tuple[Any, ...] | None = None
    ) -> Buffer:
        """A new buffer; one in the arena belongs to the loop whose body is being lowered."""
        buffer = Buffer(name, dtype, max(elements, 1), kind, values)
        buffer.home = self.loop if kind is BufferKind.ARENA else None
        self.buffers.append(buffer)
        return buffer

    def tensor(
        self, name: str, dtype: DType, shape: tuple[int, ...], kind: BufferKind = BufferKind.ARENA
    ) -> Storage:
        """A new buffer for a contiguous tensor."""
        return whole(self.buffer(name, dtype, prod(shape), kind), shape)

    def scratch(self, dtype: DType, elements: int) -> Buffer:
        """A new buffer with `elements` elements for each thread."""
        return self.buffer("scratch", dtype, elements * self.target.threads, BufferKind.ARENA)
