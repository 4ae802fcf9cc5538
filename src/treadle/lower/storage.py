"""Where values live: buffers, and strided views of them.

A `Storage` maps the indices of a tensor to elements of a buffer. Views of a stored tensor (transposed,
sliced, reshaped) are storages of the same buffer, so that products and loops read them without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count
from math import prod
from typing import Any

from treadle.ir import Node
from treadle.types import DType


class BufferKind(Enum):
    """Who owns the memory of a buffer, and for how long."""

    ARENA = "activations"  # within one run; memory is reused
    PARAM = "parameters"  # shared by all programs of a session
    STATE = "states"
    INPUT = "inputs"  # the caller's array
    OUTPUT = "outputs"  # kept until the caller has read it
    CONSTANT = "constants"  # tables written out in the graph


@dataclass(eq=False)
class Buffer:
    """A piece of memory.

    `values` are the elements of a constant; `offset` is the place in the arena, once planned; `home` is the
    number of the loop within one iteration of which the contents matter, None if they outlive all loops;
    `number` counts buffers as they are made: plans treat them in an order that is always the same.
    """

    name: str
    dtype: DType
    elements: int
    kind: BufferKind
    values: tuple[Any, ...] | None = None
    offset: int = 0
    home: int | None = None
    number: int = field(default_factory=count().__next__)

    @property
    def bytes(self) -> int:
        return self.elements * self.dtype.itemsize

    def __repr__(self) -> str:
        return f"Buffer({self.name}: {self.dtype}[{self.elements}] {self.kind.value})"


@dataclass(frozen=True)
class Storage:
    """The elements of a tensor in a buffer: `offset + sum(index * stride)`, in elements.

    `moves` says by how many elements the address advances with each iteration of enclosing scans (by loop
    number).
    """

    buffer: Buffer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    moves: tuple[tuple[int, int], ...] = ()

    @property
    def is_contiguous(self) -> bool:
        pairs = zip(self.shape, self.strides, contiguous_strides(self.shape), strict=True)
        return all(size == 1 or have == want for size, have, want in pairs)

    def moved(self, loop: int, step: int) -> Storage:
        """The storage advanced by `step` elements in each iteration of a loop."""
        return replace(self, moves=(*self.moves, (loop, step)))


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of a tensor whose last axis runs fastest."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def whole(buffer: Buffer, shape: tuple[int, ...]) -> Storage:
    """A contiguous tensor that fills a buffer."""
    return Storage(buffer, shape, contiguous_strides(shape))


def view(node: Node, source: Storage) -> Storage | None:
    """The storage of a view node, given that of its operand; None if it cannot be had without a copy."""
    rule = _VIEWS.get(node.op)
    return None if rule is None else rule(node, source)


def _reshape(node: Node, source: Storage) -> Storage | None:
    shape = node.type.static_shape()
    strides = reshaped_strides(source.shape, source.strides, shape)
    return None if strides is None else replace(source, shape=shape, strides=strides)


def reshaped_strides(
    old: tuple[int, ...], strides: tuple[int, ...], new: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Strides of the same elements under another shape, or None if they have no regular distance."""
    if 0 in new:
        return contiguous_strides(new)
    runs = _runs(old, strides)
    result: list[int] = []
    for size in reversed(new):
        if size == 1:
            result.append(0)
            continue
        if not runs or runs[-1][0] % size:
            return None
        extent, stride = runs.pop()
        result.append(stride)
        if extent != size:
            runs.append((extent // size, stride * size))
    return tuple(reversed(result))


def _runs(shape: tuple[int, ...], strides: tuple[int, ...]) -> list[tuple[int, int]]:
    """Maximal runs of axes that are contiguous with each other, as (extent, stride)."""
    runs: list[tuple[int, int]] = []
    for size, stride in zip(shape, strides, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == size * stride:
            runs[-1] = (runs[-1][0] * size, stride)
        else:
            runs.append((size, stride))
    return runs


def _transpose(node: Node, source: Storage) -> Storage:
    perm = node.attrs["perm"]
    shape = tuple(source.shape[axis] for axis in perm)
    return replace(source, shape=shape, strides=tuple(source.strides[axis] for axis in perm))


def _broadcast_to(node: Node, source: Storage) -> Storage:
    shape = node.type.static_shape()
    new = len(shape) - len(source.shape)
    kept = tuple(
        0 if size == 1 else stride for size, stride in zip(source.shape, source.strides, strict=True)
    )
    return replace(source, shape=shape, strides=(0,) * new + kept)


def _slice(node: Node, source: Storage) -> Storage:
    starts, steps = node.attrs["starts"], node.attrs["steps"]
    offset = source.offset + sum(a * b for a, b in zip(starts, source.strides, strict=True))
    strides = tuple(step * stride for step, stride in zip(steps, source.strides, strict=True))
    return replace(source, shape=node.type.static_shape(), strides=strides, offset=offset)


def _flip(node: Node, source: Storage) -> Storage:
    axes = node.attrs["axes"]
    offset = source.offset + sum((source.shape[axis] - 1) * source.strides[axis] for axis in axes)
    strides = tuple(-stride if axis in axes else stride for axis, stride in enumerate(source.strides))
    return replace(source, strides=strides, offset=offset)


def _windows(node: Node, source: Storage) -> Storage:
    strides = list(source.strides)
    taps = []
    for axis, stride, dilation in zip(
        node.attrs["axes"], node.attrs["strides"], node.attrs["dilations"], strict=True
    ):
        taps.append(source.strides[axis] * dilation)
        strides[axis] = source.strides[axis] * stride
    return replace(source, shape=node.type.static_shape(), strides=(*strides, *taps))


def _same(_node: Node, source: Storage) -> Storage:
    return source


_VIEWS = {
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "slice": _slice,
    "flip": _flip,
    "windows": _windows,
    "stop_grad": _same,
}
