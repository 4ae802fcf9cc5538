"""Compile a batch of kernels in this process and, when there are many, in helper processes at the same time.

Input: sources by exported symbol. Output: object code by symbol. Compilation is Python-bound, so threads
would not help; a helper pays for its start (importing numba) from about a dozen kernels on.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from treadle.backends.numba_cpu.messages import read_message, write_message
from treadle.backends.numba_cpu.threads import available_cpus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from treadle.backends.numba_cpu.kernel import KernelSource

KERNELS_PER_HELPER = 10
_MOST_HELPERS = 7


def compile_here(symbol: str, source: KernelSource) -> bytes:
    """Compile one kernel in this process and return its object code."""
    from treadle.backends.numba_cpu.front import source_to_module  # noqa: PLC0415  imports numba
    from treadle.backends.numba_cpu.objects import module_to_object, target_machine  # noqa: PLC0415

    target_machine()
    return module_to_object(source_to_module(source, symbol))


def compile_with_helpers(sources: Mapping[str, KernelSource]) -> dict[str, bytes]:
    """Compile all sources and return object code by symbol; what a helper fails at is compiled here."""
    batch = _Batch(sources)
    helpers = min(available_cpus() - 1, len(sources) // KERNELS_PER_HELPER, _MOST_HELPERS)
    feeders = [threading.Thread(target=batch.feed_helper, daemon=True) for _ in range(helpers)]
    for feeder in feeders:
        feeder.start()
    batch.work_here()
    for feeder in feeders:
        feeder.join()
    batch.work_here()
    return batch.done


class _Batch:
    """Sources still to compile, biggest first, shared between this process and its helpers."""

    def __init__(self, sources: Mapping[str, KernelSource]) -> None:
        self.todo = sorted(sources.items(), key=lambda item: len(item[1].text))
        self.done: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def take(self) -> tuple[str, KernelSource] | None:
        with self._lock:
            return self.todo.pop() if self.todo else None

    def work_here(self) -> None:
        while task := self.take():
            self.done[task[0]] = compile_here(*task)

    def feed_helper(self) -> None:
        """Give tasks to one helper process until none is left or the helper fails."""
        with contextlib.suppress(OSError), _start_helper() as helper:
            while task := self.take():
                answer = _ask(helper, *task)
                if not answer:
                    with self._lock:
                        self.todo.append(task)
                    break
                self.done[task[0]] = answer


def _start_helper() -> subprocess.Popen[bytes]:
    """Start a helper; its complaints are not shown, since what it fails at is compiled and reported here.

    Modules of the current folder must not shadow the libraries, hence -P.
    """
    command = [sys.executable, "-P", "-m", "treadle.backends.numba_cpu.worker"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: S603


def _ask(helper: subprocess.Popen[bytes], symbol: str, source: KernelSource) -> bytes | None:
    """Send one source to a helper; None if it failed or has died."""
    if helper.stdin is None or helper.stdout is None:
        return None
    try:
        write_message(helper.stdin, symbol.encode() + b"\0" + source.text.encode())
    except BrokenPipeError:
        return None
    return read_message(helper.stdout)
