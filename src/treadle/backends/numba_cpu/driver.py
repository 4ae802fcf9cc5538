"""The one compiled driver of all programs: walks a table of instructions, shares kernels among worker
threads.

Input: a control block and an instruction table (made by program.py). Output: kernel calls. The driver is a
kernel itself (same convention, same cache): part 0 walks the table and returns, every other part is a worker
that waits for work until told to stop.

Workers spin for a short while and then sleep on a futex, so an idle program costs nothing. The protocol: the
walker writes the job, opens its parts in `NEXT`, raises `SEQUENCE`, claims parts like everybody else until
none is left, and waits until `DONE` has counted those that workers claimed. So a worker that the system does
not let run delays nothing: its part is done by another. `NEXT` holds a job number above the part number, and
a claim is one addition; the job's words do not change while a claimed part is not done.
"""

from __future__ import annotations

import platform
from textwrap import indent

from treadle.backends.numba_cpu.kernel import KernelSource

# Words of the control block; those that different threads write lie in different cache lines.
SEQUENCE, DONE, SLEEPERS, JOB, TABLE, STOP, FUTEX, NEXT, NUMBER = 0, 8, 16, 24, 32, 33, 34, 40, 48
CONTROL_WORDS = 56
_PART_BITS = 16

# Instructions: rows of ROW words.
HALT, CALL, LOOP, END, DISMISS = 0, 1, 2, 3, 4
ROW = 6
"""CALL kernel meta parallel | LOOP count end | END begin patches patch_count count counter |
DISMISS | HALT"""

_SPINS_BEFORE_SLEEP = 4000
_SPINS_BEFORE_YIELD = 4000
_FUTEX_WAIT, _FUTEX_WAKE = 128, 129
_FUTEX_NUMBERS = {"x86_64": 202, "aarch64": 98}


def futex_number() -> int:
    """Return the number of the futex system call on this processor."""
    return _FUTEX_NUMBERS[platform.machine()]


def driver_source() -> KernelSource:
    """Return the driver's source text: one function, since every helper would be compiled on its own."""
    return KernelSource("driver", _TEXT)


_WAKE = f"""
fetch_add(control, 1)
if load_acquire(control + {8 * SLEEPERS}) > 0:
    futex(words[{FUTEX}], control, {_FUTEX_WAKE}, parts)
"""

_CLAIM = f"part = fetch_add(control + {8 * NEXT}, 1) & {2**_PART_BITS - 1}"

_WORK = f"""
enter_float_mode()
seen = 0
while words[{STOP}] == 0:
    spins = 0
    while load_acquire(control) == seen:
        pause()
        spins += 1
        if spins == {_SPINS_BEFORE_SLEEP}:
            fetch_add(control + {8 * SLEEPERS}, 1)
            futex(words[{FUTEX}], control, {_FUTEX_WAIT}, seen)
            fetch_add(control + {8 * SLEEPERS}, -1)
            spins = 0
    seen = load_acquire(control)
    {_CLAIM}
    while part < parts:
        call_kernel(words[{JOB}], words[{JOB + 1}], part, parts)
        fetch_add(control + {8 * DONE}, 1)
        {_CLAIM}
"""

_SHARE = f"""
words[{JOB}] = row[1]
words[{JOB + 1}] = row[2]
words[{NUMBER}] += {2**_PART_BITS}
store_release(control + {8 * DONE}, 0)
store_release(control + {8 * NEXT}, words[{NUMBER}])
{_WAKE}
left = parts
{_CLAIM}
while part < parts:
    call_kernel(row[1], row[2], part, parts)
    left -= 1
    {_CLAIM}
spins = 0
while load_acquire(control + {8 * DONE}) < left:
    pause()
    spins += 1
    if spins > {_SPINS_BEFORE_YIELD}:
        yield_processor()
"""

# After all iterations but the last, patches move words on; after the last, they take back what they added.
_END_OF_LOOP = """
row[5] += 1
times = 1 if row[5] < row[4] else 1 - row[4]
patches = slots(row[2])
for i in range(row[3]):
    slots(patches[2 * i])[0] += times * patches[2 * i + 1]
if row[5] < row[4]:
    position = row[1] + 1
else:
    row[5] = 0
    position += 1
"""

_WALK = f"""
mode = enter_float_mode()
position = 0
walking = True
while walking:
    row = slots(words[{TABLE}] + {8 * ROW} * position)
    if row[0] == {CALL}:
        if parts > 1 and row[3] != 0:
{indent(_SHARE, 12 * " ")}
        else:
            call_kernel(row[1], row[2], 0, 1)
        position += 1
    elif row[0] == {END}:
{indent(_END_OF_LOOP, 8 * " ")}
    elif row[0] == {LOOP}:
        position = position + 1 if row[1] > 0 else row[2] + 1
    elif row[0] == {DISMISS}:
{indent(_WAKE, 8 * " ")}
        position += 1
    else:
        walking = False
leave_float_mode(mode)
"""

_TEXT = f"""\
from treadle.backends.numba_cpu.abi import slots
from treadle.backends.numba_cpu.sync import (
    call_kernel, enter_float_mode, fetch_add, futex, leave_float_mode, load_acquire, pause, store_release,
    yield_processor)

def kernel(control, part, parts):
    words = slots(control)
    if part == 0:
{indent(_WALK, 8 * " ")}
    else:
{indent(_WORK, 8 * " ")}
"""
