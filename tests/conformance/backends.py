"""Where cases run: the devices of the command line, and the GPU's kernels in the block simulator."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from treadle.backends.protocol import Backend
from treadle.driver import load_backend
from treadle.ir import Graph

from .call import SkipError
from .cases import Array

SIMULATED = "cuda-sim"
MOST_THREADS = 20_000  # of all launches of a case together: seconds


def backend_of(name: str) -> Backend:
    """The backend of a device, or `cuda-sim`.

    Raises:
        TreadleError: E1003 for an unknown name.
    """
    return Simulated() if name == SIMULATED else load_backend(name)


class Simulated:
    """The kernels and templates of the GPU backend in the block simulator, where sizes allow."""

    name = SIMULATED

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> LimitedSession:
        """Plans, which are executed as they are."""
        return LimitedSession(_support().SimulatedBackend().compile(programs))


class LimitedSession:
    """A simulated session that refuses programs of more than `MOST_THREADS` threads."""

    def __init__(self, session) -> None:
        self._session = session

    def run(self, program: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs of a program.

        Raises:
            SkipError: when it is too large.
        """
        threads = _support().threads_of(self._session.plans[program])
        if threads > MOST_THREADS:
            raise SkipError(f"{threads:,} threads are too many to simulate")
        return self._session.run(program, inputs)


def _support():
    """The simulator, which lies beside this package; Pytest has its folder on the path, a command has not."""
    folder = str(Path(__file__).parents[1])
    if folder not in sys.path:
        sys.path.append(folder)
    from support import simulated_backend  # noqa: PLC0415 - needs greenlet, which other backends do not

    return simulated_backend
