"""The one compiled driver of all programs: walks a table of instructions, shares kernels among worker
threads.

Input: a control block and an instruction table (made by program.py). Output: kernel calls. The driver is a
kernel itself (same convention, same cache): part 0 walks the table and returns, every other part is a worker
that waits for work until told to stop.

Workers spin for a short while and then sleep on a futex, so an idle program costs nothing. The protocol: the
walker writes the job, raises `SEQUENCE`, does part 0, and waits until `DONE` has counted every worker.
"""

from __future__ import annotations

import platform

from treadle.backends.numba_cpu.kernel import KernelSource

# Words of the control block; those that different threads write lie in different cache lines.
SEQUENCE, DONE, SLEEPERS, JOB, TABLE, STOP, FUTEX = 0, 8, 16, 24, 32, 33, 34
CONTROL_WORDS = 48

# Instructions: rows of ROW words.
HALT, CALL, LOOP, END, DISMISS = 0, 1, 2, 3, 4
ROW = 6
"""CALL kernel meta parallel | LOOP count end | END begin patches patch_count count counter |
DISMISS | HALT"""

_SPINS_BEFORE_SLEEP = 4000
_SPINS_BEFORE_YIELD = 20000
_FUTEX_WAIT, _FUTEX_WAKE = 128, 129
_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98}


def futex_number() -> int:
    """Return the number of the futex system call on this processor."""
    return _FUTEX_NUMBERS[platform.machine()]


def driver_source() -> KernelSource:
    """Return the driver's source text."""
    return KernelSource("driver", "\n".join((_IMPORTS, _WORKER, _FORK_JOIN, _LOOPS, _WALK)))


_IMPORTS = """\
from numba.core.extending import register_jitable
from treadle.backends.numba_cpu.abi import slots
from treadle.backends.numba_cpu.sync import (
    call_kernel, enter_float_mode, fetch_add, futex, leave_float_mode, load_acquire, pause, store_release,
    yield_processor)
"""

_WORKER = f"""
@register_jitable
def wait_for_job(control, words, seen):
    spins = 0
    while load_acquire(control) == seen:
        pause()
        spins += 1
        if spins == {_SPINS_BEFORE_SLEEP}:
            fetch_add(control + {8 * SLEEPERS}, 1)
            futex(words[{FUTEX}], control, {_FUTEX_WAIT}, seen)
            fetch_add(control + {8 * SLEEPERS}, -1)
            spins = 0

@register_jitable
def work(control, part, parts):
    enter_float_mode()
    words = slots(control)
    seen = 0
    while True:
        wait_for_job(control, words, seen)
        seen += 1
        if words[{STOP}] != 0:
            break
        call_kernel(words[{JOB}], words[{JOB + 1}], part, parts)
        fetch_add(control + {8 * DONE}, 1)
"""

_FORK_JOIN = f"""
@register_jitable
def wake_workers(control, words, parts):
    fetch_add(control, 1)
    if load_acquire(control + {8 * SLEEPERS}) > 0:
        futex(words[{FUTEX}], control, {_FUTEX_WAKE}, parts)

@register_jitable
def share_call(control, words, kernel, meta, parts):
    words[{JOB}] = kernel
    words[{JOB + 1}] = meta
    store_release(control + {8 * DONE}, 0)
    wake_workers(control, words, parts)
    call_kernel(kernel, meta, 0, parts)
    spins = 0
    while load_acquire(control + {8 * DONE}) < parts - 1:
        pause()
        spins += 1
        if spins > {_SPINS_BEFORE_YIELD}:
            yield_processor()
"""

_LOOPS = """
@register_jitable
def apply_patches(row, times):
    patches = slots(row[2])
    for i in range(row[3]):
        slots(patches[2 * i])[0] += times * patches[2 * i + 1]

@register_jitable
def next_position(row, position):
    apply_patches(row, 1)
    row[5] += 1
    if row[5] < row[4]:
        return row[1] + 1
    apply_patches(row, -row[4])
    row[5] = 0
    return position + 1
"""

_WALK = f"""
@register_jitable
def walk(control, parts):
    words = slots(control)
    position = 0
    while True:
        row = slots(words[{TABLE}] + {8 * ROW} * position)
        if row[0] == {CALL}:
            if parts > 1 and row[3] != 0:
                share_call(control, words, row[1], row[2], parts)
            else:
                call_kernel(row[1], row[2], 0, 1)
            position += 1
        elif row[0] == {END}:
            position = next_position(row, position)
        elif row[0] == {LOOP}:
            position = position + 1 if row[1] > 0 else row[2] + 1
        elif row[0] == {DISMISS}:
            wake_workers(control, words, parts)
            position += 1
        else:
            break

def kernel(control, part, parts):
    if part == 0:
        mode = enter_float_mode()
        walk(control, parts)
        leave_float_mode(mode)
    else:
        work(control, part, parts)
"""
