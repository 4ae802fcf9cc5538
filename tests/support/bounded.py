"""What must hold for any text: checking it ends in a diagnostic or in a sound graph, within time and memory.

Checking may take 5 s and 1 GB. Tests run beside others on busy machines, so they allow twice the time.
"""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treadle.errors import TreadleError
from treadle.errors.render import to_json, to_text
from treadle.frontend.load import load_spec, load_text
from treadle.frontend.result import Checked
from treadle.ir.verify import verify

SECONDS = 10.0
BYTES = 1 << 30


class TookTooLongError(AssertionError):
    """More processor time than allowed."""


def outcome(text: str) -> list[str]:
    """The codes of the mistakes in a text; empty when there are none."""
    with bounded():
        return _codes(lambda: load_text(text))


def outcome_of_file(path: Path) -> list[str]:
    """The codes of the mistakes in a file."""
    with bounded():
        return _codes(lambda: load_spec(path))


def _codes(load) -> list[str]:
    try:
        checked = load()
    except TreadleError as error:
        for diagnostic in error.diagnostics:
            assert len(to_text(diagnostic)) < 100_000
            assert to_json(diagnostic)["message"]
        codes = [diagnostic.code for diagnostic in error.diagnostics]
        if any(code.startswith("E11") for code in codes):
            raise AssertionError("an internal error was reported") from error
        return codes
    _verify(checked)
    return []


def _verify(checked: Checked) -> None:
    for model in checked.models.values():
        verify(model.graph)
        verify(model.init)
    for plan in checked.trains.values():
        verify(plan.init)
        for phase in plan.phases:
            verify(phase.graph)


@contextmanager
def bounded() -> Iterator[None]:
    """Stop what takes too long, and let what takes too much memory fail."""
    assert threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGPROF, _give_up)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + BYTES, hard))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGPROF, handler)


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


def _give_up(*_: object) -> None:
    raise TookTooLongError(f"more than {SECONDS:g} s of processor time")
