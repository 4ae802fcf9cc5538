"""The block simulator computes what a GPU would, and catches every hazard that it promises to catch."""

import numpy as np
import pytest

from support.block_sim import (
    ORDERS,
    DeviceBuffer,
    DivergentBarrier,
    DivergentCollective,
    Misaligned,
    OutOfBounds,
    Race,
    UninitialisedRead,
    WrongLaunch,
    launch,
    run_steps,
)
from treadle.backends.numba_cuda.kernel import Fill, KernelSource, Launch, Pointer, Steps

FULL = "int32(-1)"


def source(body: str, *params: str, threads: int = 1024) -> KernelSource:
    """A kernel with the parameters p0, p1, ... and the thread's index in `t`."""
    names = ", ".join(f"p{at}" for at in range(len(params)))
    lines = ["t = cuda.threadIdx.x", *body.strip().splitlines()]
    text = "\n".join([f"def kernel({names}):", *("    " + line for line in lines)])
    return KernelSource("test", text, params, threads)


def run(
    body: str, *args: object, threads: int = 64, blocks: int = 1, order: str = "forward", shared: int = 0
) -> None:
    """Launches a kernel whose parameters are float32 arrays or 32-bit integers."""
    params = tuple("i32" if isinstance(arg, int) else "f32*" for arg in args)
    launch(source(body, *params), (blocks, 1, 1), (threads, 1, 1), args, shared, order)


def fresh(count: int = 64) -> DeviceBuffer:
    return DeviceBuffer.empty(count, np.float32, "y")


def pointer(buffer: DeviceBuffer) -> object:
    return buffer.pointer(np.float32)


REVERSE = """
s = cuda.shared.array(64, float32)
s[t] = p0[t]
cuda.syncthreads()
p1[t] = s[int32(63) - t]
"""


@pytest.mark.parametrize("order", ORDERS)
def test_threads_exchange_values_through_shared_memory(order: str) -> None:
    x, y = np.arange(64, dtype=np.float32), fresh()
    run(REVERSE, x, pointer(y), order=order)
    assert np.array_equal(y.array(np.float32), x[::-1])


@pytest.mark.parametrize("order", ORDERS)
def test_a_dropped_barrier_is_a_race(order: str) -> None:
    x = np.arange(64, dtype=np.float32)
    with pytest.raises(Race, match="unordered"):
        run(REVERSE.replace("cuda.syncthreads()", "t = t"), x, pointer(fresh()), order=order)


def test_overwriting_what_others_still_read_is_a_race() -> None:
    body = REVERSE + "s[t] = float32(0.0)"
    with pytest.raises(Race, match="line 6"):
        run(body, np.ones(64, np.float32), pointer(fresh()))


def test_lanes_of_one_warp_need_syncwarp_too() -> None:
    body = REVERSE.replace("63", "31").replace("64", "32").replace("cuda.syncthreads()", "{}")
    x = np.arange(32, dtype=np.float32)
    y = fresh(32)
    run(body.format("cuda.syncwarp()"), x, pointer(y), threads=32)
    assert np.array_equal(y.array(np.float32), x[::-1])
    with pytest.raises(Race):
        run(body.format(f"cuda.shfl_xor_sync({FULL}, t, int32(1))"), x, pointer(fresh(32)), threads=32)


def test_threads_may_write_the_same_value() -> None:
    y = fresh(1)
    run("p0[int32(0)] = float32(3.0)", pointer(y))
    assert y.array(np.float32) == [3.0]


def test_blocks_that_write_one_element_race() -> None:
    with pytest.raises(Race, match="block"):
        run("p0[int32(0)] = float32(cuda.blockIdx.x)", pointer(fresh()), threads=1, blocks=2)


def test_a_block_that_reads_what_another_writes_races() -> None:
    x = np.zeros(4, np.float32)
    body = "p0[cuda.blockIdx.x] = p0[int32(1) - cuda.blockIdx.x] + float32(1.0)"
    for order in ORDERS:
        with pytest.raises(Race):
            run(body, x, threads=1, blocks=2, order=order)


@pytest.mark.parametrize("index", ["t + int32(1)", "t - int32(1)"])
@pytest.mark.parametrize("body", ["p1[t] = p0[{}]", "p1[{}] = p0[t]"])
def test_out_of_bounds(body: str, index: str) -> None:
    with pytest.raises(OutOfBounds, match="line 3"):
        run(body.format(index), np.ones(64, np.float32), pointer(fresh()))


def test_out_of_bounds_of_shared_memory() -> None:
    with pytest.raises(OutOfBounds):
        run("s = cuda.shared.array(32, float32)\ns[t] = float32(0.0)")


def test_reading_what_nothing_wrote() -> None:
    with pytest.raises(UninitialisedRead, match=r"y\[0\]"):
        run("p0[t] = p0[t]", pointer(fresh()))


def test_an_output_with_a_hole_is_not_handed_out() -> None:
    y = fresh()
    run("if t != int32(7):\n    p0[t] = float32(0.0)", pointer(y))
    with pytest.raises(UninitialisedRead, match=r"y\[7\]"):
        y.array(np.float32)


def test_shared_and_local_memory_begin_poisoned() -> None:
    y = fresh(3)
    body = """
s = cuda.shared.array(4, float32)
d = cuda.shared.array(0, float32)
own = cuda.local.array(4, float32)
p0[int32(0)] = s[int32(1)]
p0[int32(1)] = d[int32(1)]
p0[int32(2)] = own[int32(1)]
"""
    run(body, pointer(y), threads=1, shared=16)
    assert np.isnan(y.array(np.float32)).all()


def test_a_barrier_that_some_skip() -> None:
    with pytest.raises(DivergentBarrier, match="line 4 and the end"):
        run("if t < int32(32):\n    cuda.syncthreads()")


def test_barriers_at_different_places() -> None:
    with pytest.raises(DivergentBarrier, match="line 4 and line 6"):
        run("if t < int32(32):\n    cuda.syncthreads()\nelse:\n    cuda.syncthreads()")


def test_shuffles_and_ballot() -> None:
    down, up, first, votes = (np.zeros(32, np.float32) for _ in range(4))
    body = f"""
p0[t] = cuda.shfl_down_sync({FULL}, float32(t), int32(3))
p1[t] = cuda.shfl_up_sync({FULL}, float32(t), int32(3))
p2[t] = cuda.shfl_sync({FULL}, float32(t), int32(5))
p3[t] = float32(cuda.ballot_sync({FULL}, t < int32(4)))
"""
    run(body, down, up, first, votes, threads=32)
    lanes = np.arange(32)
    assert np.array_equal(down, np.where(lanes < 29, lanes + 3, lanes))
    assert np.array_equal(up, np.where(lanes >= 3, lanes - 3, lanes))
    assert (first == 5).all()
    assert (votes == 15).all()


def test_a_warp_sum_by_shuffles() -> None:
    x, y = np.arange(64, dtype=np.float32), fresh()
    body = f"""
v = p0[t]
for step in (16, 8, 4, 2, 1):
    v += cuda.shfl_xor_sync({FULL}, v, int32(step))
p1[t] = v
"""
    run(body, x, pointer(y))
    assert np.array_equal(y.array(np.float32), np.repeat([x[:32].sum(), x[32:].sum()], 32))


def test_a_shuffle_that_some_lanes_skip() -> None:
    with pytest.raises(DivergentCollective, match="shfl_xor_sync on line 4"):
        run(f"if t < int32(16):\n    t = cuda.shfl_xor_sync({FULL}, t, int32(1))", threads=32)


def test_a_shuffle_of_half_a_warp() -> None:
    y = fresh(16)
    run(
        "if t < int32(16):\n    p0[t] = float32(cuda.shfl_xor_sync(int32(65535), t, int32(1)))",
        pointer(y),
        threads=32,
    )
    assert np.array_equal(y.array(np.float32), np.arange(16) ^ 1)


def test_taking_from_a_lane_outside_the_mask() -> None:
    body = "if t < int32(16):\n    t = cuda.shfl_xor_sync(int32(65535), t, int32(16))"
    with pytest.raises(DivergentCollective, match="takes the value of lane 16"):
        run(body, threads=32)


def test_vectors_need_alignment() -> None:
    x, y = np.arange(8, dtype=np.float32), fresh(8)
    body = "v = load4(p0, p2)\nstore4(p1, int32(4), v[0], v[1], v[2], v[3])"
    run(body, x, pointer(y), 0, threads=1)
    assert np.array_equal(y.data.view(np.float32)[4:], x[:4])
    with pytest.raises(Misaligned):
        run(body, x, pointer(y), 1, threads=1)


def test_float32_stays_float32_and_int32_wraps() -> None:
    body = """
p0[t] = exp(p0[t]) * float32(2.0)
p1[t] = int32(2147483647) + p1[t]
"""
    x, n = np.full(1, 0.3, np.float32), np.full(1, 2, np.int32)
    launch(source(body, "f32*", "i32*"), (1, 1, 1), (1, 1, 1), (x, n))
    assert x[0] == np.exp(np.float32(0.3)) * np.float32(2)
    assert n[0] == -(2**31) + 1


def test_atomic_additions_of_all_blocks() -> None:
    total = np.zeros(1, np.int32)
    launch(source("atomic_add(p0, int32(0), int32(1))", "i32*"), (3, 1, 1), (64, 1, 1), (total,))
    assert total == 192


@pytest.mark.parametrize(
    ("grid", "block", "shared"),
    [((0, 1, 1), (1, 1, 1), 0), ((1, 1, 1), (65, 1, 1), 0), ((1, 1, 1), (1, 1, 1), 2**18)],
)
def test_launches_beyond_the_limits(grid: tuple[int, ...], block: tuple[int, ...], shared: int) -> None:
    with pytest.raises(WrongLaunch):
        launch(source("t = t", threads=64), grid, block, (), shared)


def test_a_pointer_of_another_type() -> None:
    with pytest.raises(WrongLaunch, match="int64"):
        launch(source("p0[t] = float32(0.0)", "f32*"), (1, 1, 1), (1, 1, 1), (np.zeros(1, np.int64),))


@pytest.mark.parametrize("body", ["t = t * 1.5", "import math", "t = (lambda: t)()"])
def test_texts_outside_the_dialect(body: str) -> None:
    with pytest.raises(WrongLaunch, match="line 3"):
        run(body)


def test_steps_run_in_order_on_roles() -> None:
    double = source("p0[t] = p0[t] + p1[t]", "f32*", "f32*")
    steps = Steps(
        (
            Fill(Pointer("scratch"), 256),
            Launch(double, (1, 1, 1), (4, 1, 1), (Pointer("scratch", 16), Pointer("0", 8))),
            Launch(
                source("p0[t] = p1[t]", "f32*", "f32*"),
                (1, 1, 1),
                (4, 1, 1),
                (Pointer("1"), Pointer("scratch", 16)),
            ),
        ),
        scratch_bytes=256,
    )
    y = fresh(4)
    run_steps(steps, {"0": DeviceBuffer.of(np.arange(8, dtype=np.float32)), "1": y}, bases={"0": 4})
    assert np.array_equal(y.array(np.float32), [3, 4, 5, 6])
