"""Worker threads that live as long as the process and serve every program of the same thread count.

Input: an instruction table's address. Output: the table walked. One program runs at a time on a team; runs
from several Python threads take turns. After a fork the child makes teams of its own.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading

import numpy as np

from treadle.backends.numba_cpu import driver
from treadle.backends.numba_cpu.compile import compile_kernels

_ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
_LINE_WORDS = 8


class Team:
    """A compiled driver and its workers: `parts` threads in all, the caller included."""

    def __init__(self, parts: int) -> None:
        """Start parts - 1 workers; they sleep until the first shared kernel."""
        self.parts = parts
        self._code = compile_kernels([driver.driver_source()])[0]
        self._enter = _ENTRY(self._code.address)
        self._lock = threading.Lock()
        self._control = _aligned_words(driver.CONTROL_WORDS)
        self._control[driver.FUTEX] = driver.futex_number()
        self._control[driver.NEXT] = parts
        self._address: int = self._control.ctypes.data
        self._threads = [self._start(part) for part in range(1, parts)]

    def _start(self, part: int) -> threading.Thread:
        arguments = (self._address, part, self.parts)
        thread = threading.Thread(target=self._enter, args=arguments, name=f"treadle-{part}", daemon=True)
        thread.start()
        return thread

    def walk(self, table: int) -> None:
        """Run the instruction table at an address to its end."""
        with self._lock:
            self._control[driver.TABLE] = table
            self._enter(self._address, 0, self.parts)

    def stop(self) -> None:
        """End the workers; their code must outlive them, so this comes before the interpreter's end."""
        table = np.zeros((2, driver.ROW), np.int64)
        table[0, 0] = driver.DISMISS
        self._control[driver.STOP] = 1
        self.walk(table.ctypes.data)
        for thread in self._threads:
            thread.join()


_teams: dict[int, Team] = {}


def team_of(parts: int) -> Team:
    """Return the process's team of that many threads."""
    if parts not in _teams:
        _teams[parts] = Team(parts)
    return _teams[parts]


@atexit.register
def _stop_teams() -> None:
    for team in _teams.values():
        team.stop()
    _teams.clear()


os.register_at_fork(after_in_child=_teams.clear)


def _aligned_words(count: int) -> np.ndarray:
    """Return zeroed int64 words that begin a cache line."""
    raw = np.zeros(count + _LINE_WORDS, np.int64)
    skip = -(raw.ctypes.data // 8) % _LINE_WORDS
    return raw[skip : skip + count]
