"""How many threads a program uses: `TREADLE_THREADS` if set, else the processors this process may run on."""

from __future__ import annotations

import os

_MOST_THREADS = 256
_MOST_BY_DEFAULT = 16


def available_cpus() -> int:
    """Return the number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_count() -> int:
    """Return the number of threads for new programs; a setting that is no positive number is ignored.

    Without a setting it is at most 16: steps of small models do not divide into more.
    """
    setting = os.environ.get("TREADLE_THREADS", "")
    if setting.isdecimal() and int(setting) > 0:
        return min(int(setting), _MOST_THREADS)
    return min(available_cpus(), _MOST_BY_DEFAULT)
