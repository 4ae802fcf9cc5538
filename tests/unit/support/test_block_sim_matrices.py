"""Asynchronous copies arrive at their wait, and the tensor-core operations multiply matrices."""

import numpy as np
import pytest

from support.block_sim import Misaligned, OutOfBounds, Race, launch
from treadle.backends.numba_cuda.kernel import KernelSource

COPY = """
def kernel(x, y):
    s = cuda.shared.array(256, uint16)
    t = cuda.threadIdx.x
    cp_async16(shared_address(s, t * int32(8)), x, t * int32(8), int32(16))
    cp_async_commit()
    cp_async_wait(0)
    cuda.syncthreads()
    u = int32(31) - t
    for i in range(int32(8)):
        y[u * int32(8) + i] = s[u * int32(8) + i]
"""
PRODUCT = """
def kernel(a, b, c):
    s = cuda.shared.array(512, uint16)
    t = cuda.threadIdx.x
    for i in range(int32(8)):
        s[t * int32(8) + i] = a[t * int32(8) + i]
        if t < int32(16):
            s[int32(256) + t * int32(8) + i] = b[t * int32(8) + i]
    cuda.syncthreads()
    at = (t & int32(15)) * int32(16) + (t >> int32(4)) * int32(8)
    f = ldmatrix_x4(shared_address(s, at))
    g = ldmatrix_x4_trans(shared_address(s, int32(256) + (t & int32(15)) * int32(8)))
    z = float32(1.0)
    d = mma_bf16_16816(f[0], f[1], f[2], f[3], g[0], g[1], z, z, z, z)
    at = (t >> int32(2)) * int32(8) + (t & int32(3)) * int32(2)
    c[at] = d[0]
    c[at + int32(1)] = d[1]
    c[at + int32(64)] = d[2]
    c[at + int32(65)] = d[3]
"""
TF32 = """
def kernel(a, b, c):
    t = cuda.threadIdx.x
    g = t >> int32(2)
    m = t & int32(3)
    z = float32(0.0)
    d = mma_tf32_1688(
        float_bits(a[g * int32(8) + m]),
        float_bits(a[(g + int32(8)) * int32(8) + m]),
        float_bits(a[g * int32(8) + m + int32(4)]),
        float_bits(a[(g + int32(8)) * int32(8) + m + int32(4)]),
        float_bits(b[m * int32(8) + g]),
        float_bits(b[(m + int32(4)) * int32(8) + g]),
        z, z, z, z,
    )
    at = g * int32(8) + m * int32(2)
    c[at] = d[0]
    c[at + int32(1)] = d[1]
    c[at + int32(64)] = d[2]
    c[at + int32(65)] = d[3]
"""


def run(text: str, *args: np.ndarray) -> None:
    """Runs one warp."""
    params = tuple("u16*" if arg.dtype == np.uint16 else "f32*" for arg in args)
    launch(KernelSource("test", text, params, 32), (1, 1, 1), (32, 1, 1), args)


def bf16(values: np.ndarray) -> np.ndarray:
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).reshape(-1)


def small(rows: int, columns: int, seed: int) -> np.ndarray:
    """Integers that every type here holds exactly."""
    return np.random.default_rng(seed).integers(-8, 9, (rows, columns)).astype(np.float32)


def copied(text: str = COPY) -> bool:
    x, y = np.arange(256, dtype=np.uint16), np.zeros(256, np.uint16)
    run(text, x, y)
    return bool((x == y).all())


def test_copies_arrive_at_the_wait() -> None:
    assert copied()


@pytest.mark.parametrize("dropped", ["cp_async_wait(0)", "cuda.syncthreads()"])
def test_dropping_the_wait_or_the_barrier_is_a_race(dropped: str) -> None:
    with pytest.raises(Race):
        copied(COPY.replace(dropped, "t = t"))


def test_waiting_for_too_few_groups_is_a_race() -> None:
    own = COPY.replace("int32(31) - t", "t").replace("cuda.syncthreads()", "t = t")
    assert copied(own)
    with pytest.raises(Race):
        copied(own.replace("cp_async_wait(0)", "cp_async_wait(1)"))


def test_zeros_fill_what_is_not_valid() -> None:
    x, y = np.arange(1, 257, dtype=np.uint16), np.zeros(256, np.uint16)
    run(COPY.replace("int32(16))", "int32(6))"), x, y)
    rows = y.reshape(32, 8)
    assert np.array_equal(rows[:, :3], x.reshape(32, 8)[:, :3])
    assert not rows[:, 3:].any()


@pytest.mark.parametrize(
    ("old", "new", "hazard"),
    [
        ("x, t * int32(8)", "x, t * int32(8) + int32(1)", Misaligned),
        ("(s, t * int32(8))", "(s, t * int32(8) + int32(4))", Misaligned),
        ("x, t * int32(8)", "x, t * int32(8) + int32(8)", OutOfBounds),
    ],
)
def test_copies_are_checked(old: str, new: str, hazard: type[AssertionError]) -> None:
    with pytest.raises(hazard):
        copied(COPY.replace(old, new))


def test_bf16_product_from_shared_memory() -> None:
    A, B, C = small(16, 16, 0), small(16, 8, 1), np.zeros((16, 8), np.float32)
    run(PRODUCT, bf16(A), bf16(B), C)
    assert np.array_equal(C, A @ B + 1)


def test_tf32_product() -> None:
    A, B, C = small(16, 8, 2), small(8, 8, 3), np.zeros((16, 8), np.float32)
    run(TF32, A, B, C)
    assert np.array_equal(C, A @ B)
