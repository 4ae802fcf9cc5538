"""Asynchronous copies and tensor-core operations, with the fragment layouts of the PTX manual.

Source: PTX ISA, `cp.async`, `ldmatrix` and `mma.sync.aligned.m16n8k16` / `m16n8k8` (fragments by lane).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from support.block_sim.hazards import Misaligned, Race
from support.block_sim.memory import POISON, View
from support.block_sim.running import NOW, Thread
from support.block_sim.warps import Lanes, full_warp

ROW = 16  # bytes: eight 16-bit elements
LANES = np.arange(32)
GROUP, MEMBER = LANES >> 2, LANES & 3


def shared_address(array: View, i: Any) -> Any:
    """The address of an element in the shared memory."""
    return np.uint32(array.address(i))


def cp_async16(address: Any, source: View, i: Any, valid_bytes: Any) -> None:
    """Starts to copy 16 bytes to shared memory, zeros after the first `valid_bytes`; they arrive at the wait.

    Until then the place holds poison, and nobody may touch it.
    """
    place, valid = int(address), int(valid_bytes)
    if place % ROW or (valid and source.address(i) % ROW):
        raise Misaligned(f"cp_async16 from {source.name}[{i}] to the shared address {place}")
    data = np.zeros(ROW, np.uint8)
    if valid:
        elements = -(-valid // source.size)
        data[:valid] = np.array([source[int(i) + at] for at in range(elements)]).view(np.uint8)[:valid]
    thread = NOW.thread
    thread.block.shared_bytes(place, ROW)[:] = POISON
    touch(thread, place, write=True)
    thread.block.tracker.arriving[place >> 4] = thread.stamp
    thread.copies.append((place, data))


def cp_async_commit() -> None:
    """Makes a group of the copies started since the last one."""
    thread = NOW.thread
    thread.groups.append(thread.copies)
    thread.copies = []


def cp_async_wait(pending: Any) -> None:
    """Waits until at most `pending` groups of this thread are on their way."""
    thread = NOW.thread
    while len(thread.groups) > int(pending):
        for place, data in thread.groups.pop(0):
            thread.block.shared_bytes(place, ROW)[:] = data
            del thread.block.tracker.arriving[place >> 4]
            touch(thread, place, write=True)


def touch(thread: Thread, place: int, write: bool) -> None:
    """Notes an access to a row of shared memory."""
    tracker = thread.block.tracker
    access = tracker.write if write else tracker.read
    for key in range(place, place + ROW, 2):
        other = access(key, thread.stamp)
        if other is not None:
            how = "written" if write else "read"
            raise Race(f"shared address {key} is {how} by {thread.stamp}, unordered with {other}")


def matrix_row(thread: Thread, address: int) -> np.ndarray:
    """The eight 16-bit elements at a shared address, read by a thread."""
    if address % ROW:
        raise Misaligned(f"a matrix row at the shared address {address}")
    row = thread.block.shared_bytes(address, ROW).view(np.uint16)
    touch(thread, address, write=False)
    return row


def loaded(lanes: Lanes, transposed: bool) -> dict[int, Any]:
    """Four 8x8 matrices, whose rows the lanes name in order; each lane gets two elements of each, packed."""
    rows = np.stack([matrix_row(thread, int(address)) for thread, address in lanes.values()])
    matrices = rows.reshape(4, 8, 8).astype(np.uint32)
    if transposed:
        matrices = matrices.transpose(0, 2, 1)
    packed = matrices[:, :, 0::2] | matrices[:, :, 1::2] << np.uint32(16)
    by_lane = packed.reshape(4, 32)
    return {lane: tuple(by_lane[:, lane]) for lane in range(32)}


_ldmatrix_x4 = full_warp("ldmatrix_x4", lambda lanes: loaded(lanes, transposed=False))
_ldmatrix_x4_trans = full_warp("ldmatrix_x4_trans", lambda lanes: loaded(lanes, transposed=True))


def ldmatrix_x4(address: Any) -> Any:
    """Four 8x8 matrices of 16-bit elements, two elements of each a lane."""
    return _ldmatrix_x4(NOW.thread, address)


def ldmatrix_x4_trans(address: Any) -> Any:
    """The same, each matrix transposed."""
    return _ldmatrix_x4_trans(NOW.thread, address)


def accumulators(lanes: Lanes, first: int) -> np.ndarray:
    """The 16x8 accumulator matrix that the lanes hold in their arguments from `first` on."""
    held = np.array([lanes[lane][first : first + 4] for lane in range(32)], np.float32)
    matrix = np.empty((16, 8), np.float32)
    for half in range(2):
        for odd in range(2):
            matrix[GROUP + 8 * half, MEMBER * 2 + odd] = held[:, 2 * half + odd]
    return matrix


def spread(matrix: np.ndarray) -> dict[int, Any]:
    """The elements of an accumulator matrix, by lane."""
    return {
        lane: tuple(
            matrix[(lane >> 2) + 8 * half, (lane & 3) * 2 + odd] for half in range(2) for odd in range(2)
        )
        for lane in range(32)
    }


def registers(lanes: Lanes) -> np.ndarray:
    """The first six arguments of each lane: four registers of A and two of B."""
    return np.array([[int(value) for value in lanes[lane][:6]] for lane in range(32)], np.uint32)


def bf16_product(lanes: Lanes) -> dict[int, Any]:
    """D = A B + C for A of 16x16 and B of 16x8 in bfloat16."""
    held = registers(lanes)
    halves = np.stack([held << np.uint32(16), held & np.uint32(0xFFFF0000)], axis=2).view(np.float32)
    A, B = np.empty((16, 16), np.float32), np.empty((16, 8), np.float32)
    for odd in range(2):
        for at in range(4):
            A[GROUP + 8 * (at & 1), MEMBER * 2 + odd + 8 * (at >> 1)] = halves[:, at, odd]
        for at in range(2):
            B[MEMBER * 2 + odd + 8 * at, GROUP] = halves[:, 4 + at, odd]
    return spread(A @ B + accumulators(lanes, 6))


def tf32_product(lanes: Lanes) -> dict[int, Any]:
    """D = A B + C for A of 16x8 and B of 8x8 in tf32: the low 13 bits of float32 are dropped."""
    values = (registers(lanes) & np.uint32(0xFFFFE000)).view(np.float32)
    A, B = np.empty((16, 8), np.float32), np.empty((8, 8), np.float32)
    for at in range(4):
        A[GROUP + 8 * (at & 1), MEMBER + 4 * (at >> 1)] = values[:, at]
    for at in range(2):
        B[MEMBER + 4 * at, GROUP] = values[:, 4 + at]
    return spread(A @ B + accumulators(lanes, 6))


mma_bf16_16816 = full_warp("mma_bf16_16816", bf16_product)
mma_tf32_1688 = full_warp("mma_tf32_1688", tf32_product)
