"""The driver: order of calls, loops with patches, sharing among threads, sleeping workers, forks."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from treadle.backends.numba_cpu import driver
from treadle.backends.numba_cpu.compile import compile_kernels
from treadle.backends.numba_cpu.kernel import KernelCode, KernelSource
from treadle.backends.numba_cpu.program import Call, Loop, Patch, Program
from treadle.backends.numba_cpu.threads import available_cpus, thread_count

APPEND = """
from treadle.backends.numba_cpu.abi import *
def kernel(meta, part, parts):
    m = slots(meta)
    log = i64_at(m[0])
    if part == 0:
        log[0] += 1
        log[log[0]] = m[1]
"""

SCALE = """
from treadle.backends.numba_cpu.abi import *
def kernel(meta, part, parts):
    m = slots(meta)
    x = f64_buffer(m, 0)
    n = m[1]
    for i in range(share_elements(n, part, parts), share_elements(n, part + 1, parts)):
        x[i] = x[i] * 2.0 + 1.0
"""

PARTS = """
from treadle.backends.numba_cpu.abi import *
def kernel(meta, part, parts):
    m = slots(meta)
    i64_at(m[0])[part] += parts
"""


def code(text: str) -> KernelCode:
    return compile_kernels([KernelSource("test", text)])[0]


def recorder() -> tuple[np.ndarray, object]:
    """Return a log (count, values...) and a function that makes a call appending a value to it."""
    log = np.zeros(1000, np.int64)
    append = code(APPEND)
    return log, lambda value: Call(append, np.array([log.ctypes.data, value], np.int64), parallel=False)


def entries(log: np.ndarray) -> list[int]:
    return log[1 : 1 + log[0]].tolist()


def test_calls_run_in_order_every_time() -> None:
    """Two runs of a program repeat its calls in order."""
    log, record = recorder()
    program = Program([record(3), record(1), record(2)], threads=1)
    program.run()
    program.run()
    assert entries(log) == [3, 1, 2, 3, 1, 2]


def test_nested_loops_patch_and_restore() -> None:
    """Inner and outer patches add up during the loops and leave every meta word as it was."""
    log, record = recorder()
    inner, after = record(0), record(1000)
    program = Program(
        [
            Loop(
                3,
                [Loop(2, [inner], [Patch(inner, 1, 1)]), after],
                [Patch(inner, 1, 10), Patch(after, 1, -1)],
            )
        ],
        threads=1,
    )
    for _ in range(2):
        log[0] = 0
        program.run()
        assert entries(log) == [0, 1, 1000, 10, 11, 999, 20, 21, 998]
    assert inner.meta[1] == 0
    assert after.meta[1] == 1000


def test_loop_of_no_iterations_is_skipped() -> None:
    """A count of zero runs nothing and changes nothing."""
    log, record = recorder()
    body = record(5)
    Program([record(1), Loop(0, [body, Loop(2, [body])], [Patch(body, 1, 7)]), record(2)], threads=1).run()
    assert entries(log) == [1, 2]
    assert body.meta[1] == 5


def test_meta_may_change_between_runs() -> None:
    """A meta word written from Python is seen by the next run."""
    log, record = recorder()
    call = record(1)
    program = Program([call], threads=1)
    program.run()
    call.meta[1] = 42
    program.run()
    assert entries(log) == [1, 42]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_part_runs_once_per_call(threads: int) -> None:
    """Also with more threads than processors; a call that is not parallel is part 0 of 1."""
    counts = np.zeros(8, np.int64)
    kernel = code(PARTS)
    meta = np.array([counts.ctypes.data], np.int64)
    program = Program([Loop(100, [Call(kernel, meta)]), Call(kernel, meta, parallel=False)], threads)
    program.run()
    assert counts[:threads].tolist() == [100 * threads + 1] + [100 * threads] * (threads - 1)


def test_threads_give_the_same_result() -> None:
    """An elementwise kernel covers all elements exactly once for any number of parts, whatever the length."""
    kernel = code(SCALE)
    for size in (0, 1, 15, 16, 17, 1000, 4099):
        for threads in (1, 2, 3):
            x = np.arange(size + 1, dtype=np.float64)
            Program([Call(kernel, np.array([x.ctypes.data, size], np.int64))], threads).run()
            assert (x[:size] == np.arange(size) * 2 + 1).all()
            assert x[size] == size


def test_workers_go_to_sleep_and_wake_again() -> None:
    """A worker without work ends up asleep (so an idle program costs nothing) and still gets the next
    call."""
    counts = np.zeros(8, np.int64)
    program = Program([Call(code(PARTS), np.array([counts.ctypes.data], np.int64))], threads=2)
    program.run()
    words, deadline = program._team._control, time.monotonic() + 30
    while words[driver.SLEEPERS] == 0 and time.monotonic() < deadline:
        os.sched_yield()
    assert words[driver.SLEEPERS] == 1
    program.run()
    assert counts[1] == 4


def test_programs_of_several_python_threads_take_turns() -> None:
    """Concurrent runs on one team neither mix nor hang."""
    counts = np.zeros(8, np.int64)
    program = Program([Loop(50, [Call(code(PARTS), np.array([counts.ctypes.data], np.int64))])], threads=2)
    callers = [threading.Thread(target=lambda: [program.run() for _ in range(20)]) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert counts[:2].tolist() == [2 * 50 * 20 * 3] * 2


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_child_makes_its_own_workers() -> None:
    """A child of fork has no threads but a copy of the memory; a new program there works."""
    counts = np.zeros(8, np.int64)
    call = Call(code(PARTS), np.array([counts.ctypes.data], np.int64))
    Program([call], threads=2).run()
    child = os.fork()
    if child == 0:
        Program([call], threads=2).run()
        os._exit(0 if counts[1] == 4 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_meta_of_the_wrong_type_is_refused() -> None:
    """Addresses of other arrays would be read as something else."""
    kernel = code(PARTS)
    with pytest.raises(TypeError, match="contiguous int64"):
        Call(kernel, np.zeros(4, np.int32))
    with pytest.raises(TypeError, match="contiguous int64"):
        Call(kernel, np.zeros(8, np.int64)[::2])


def test_patch_outside_of_meta_is_refused() -> None:
    """A slot beyond the array would change foreign memory."""
    call = Call(code(PARTS), np.zeros(2, np.int64))
    with pytest.raises(IndexError, match="slot 2"):
        Program([Loop(1, [call], [Patch(call, 2, 8)])], threads=1)


def test_thread_count_follows_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """TREADLE_THREADS wins over the affinity; nonsense is ignored."""
    monkeypatch.setenv("TREADLE_THREADS", "3")
    assert thread_count() == 3
    for nonsense in ("", "0", "-1", "many"):
        monkeypatch.setenv("TREADLE_THREADS", nonsense)
        assert thread_count() == min(available_cpus(), 16)


def test_denormals_are_flushed_inside_and_kept_outside() -> None:
    """The floating-point mode is that of the caller again after a run."""
    x = np.full(4, 5e-324)
    double = code(SCALE.replace("x[i] * 2.0 + 1.0", "x[i] * 2.0"))
    Program([Call(double, np.array([x.ctypes.data, 4], np.int64))]).run()
    assert (x == 0).all()
    assert np.float64(5e-324) * 1.0 > 0
