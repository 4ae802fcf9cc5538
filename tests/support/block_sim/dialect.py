"""The device dialect for the simulator: every name that a kernel's text may use."""

from __future__ import annotations

import builtins
from types import SimpleNamespace
from typing import Any

import numpy as np

from support.block_sim import mathematics, matrices, randoms, warps
from support.block_sim.memory import POISON, View
from support.block_sim.running import NOW, site

TYPES = {
    "float32": np.float32,
    "float64": np.float64,
    "int8": np.int8,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "boolean": np.bool_,
}


class Special:
    """`threadIdx` and its like: three numbers that depend on the thread that asks."""

    __slots__ = ("read",)

    def __init__(self, read: Any) -> None:
        self.read = read

    @property
    def x(self) -> Any:
        return self.read().x

    @property
    def y(self) -> Any:
        return self.read().y

    @property
    def z(self) -> Any:
        return self.read().z


def shared_array(count: int, dtype: Any) -> View:
    """An array that the block's threads share; a count of 0 is the dynamic shared memory."""
    return NOW.thread.block.shared_array(site(), count, np.dtype(dtype))


def local_array(count: int, dtype: Any) -> np.ndarray:
    """A poisoned array of the thread's own."""
    values = np.full(count * np.dtype(dtype).itemsize, POISON, np.uint8).view(dtype)
    if values.dtype.kind not in "fb":
        values.view(np.uint8).fill(0x5A)
    return values


def typed_range(*ends: Any) -> Any:
    """`range` whose numbers have the type of its ends, as compiled code has it."""
    kinds = {type(end) for end in ends}
    number = np.int32 if kinds == {np.int32} else np.int64
    return map(number, builtins.range(*map(int, ends)))


def load4(pointer: View, i: Any) -> Any:
    """Four elements from an aligned address."""
    return pointer.load(i, 4)


def load2(pointer: View, i: Any) -> Any:
    """Two elements from an aligned address."""
    return pointer.load(i, 2)


def store4(pointer: View, i: Any, v0: Any, v1: Any, v2: Any, v3: Any) -> None:
    """Four elements to an aligned address."""
    pointer.store(i, (v0, v1, v2, v3))


def store2(pointer: View, i: Any, v0: Any, v1: Any) -> None:
    """Two elements to an aligned address."""
    pointer.store(i, (v0, v1))


def atomic_add(pointer: View, i: Any, value: Any) -> Any:
    """Adds to an element; the value before."""
    return pointer.add(i, value)


cuda = SimpleNamespace(
    threadIdx=Special(lambda: NOW.thread.index),
    blockIdx=Special(lambda: NOW.thread.block.index),
    blockDim=Special(lambda: NOW.thread.block.extent),
    gridDim=Special(lambda: NOW.thread.block.grid),
    shared=SimpleNamespace(array=shared_array),
    local=SimpleNamespace(array=local_array),
    syncthreads=warps.syncthreads,
    syncwarp=warps.syncwarp,
    shfl_xor_sync=warps.shfl_xor_sync,
    shfl_down_sync=warps.shfl_down_sync,
    shfl_up_sync=warps.shfl_up_sync,
    shfl_sync=warps.shfl_sync,
    ballot_sync=warps.ballot_sync,
)

NAMES: dict[str, Any] = {
    "cuda": cuda,
    **TYPES,
    **mathematics.NAMES,
    **randoms.NAMES,
    "load4": load4,
    "load2": load2,
    "store4": store4,
    "store2": store2,
    "shared_load4": load4,
    "shared_load2": load2,
    "shared_store4": store4,
    "shared_store2": store2,
    "atomic_add": atomic_add,
    "shared_address": matrices.shared_address,
    "cp_async16": matrices.cp_async16,
    "cp_async_commit": matrices.cp_async_commit,
    "cp_async_wait": matrices.cp_async_wait,
    "ldmatrix_x4": matrices.ldmatrix_x4,
    "ldmatrix_x4_trans": matrices.ldmatrix_x4_trans,
    "mma_bf16_16816": matrices.mma_bf16_16816,
    "mma_tf32_1688": matrices.mma_tf32_1688,
    "__builtins__": {"range": typed_range, "min": min, "max": max, "abs": abs, "len": len},
}
