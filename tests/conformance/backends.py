"""Where cases run: the devices of the command line, and the GPU's kernels in the block simulator."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from treadle.backends.protocol import Backend, Session
from treadle.driver import load_backend
from treadle.ir import Graph

from .call import SkipError

SIMULATED = "cuda-sim"
MOST_THREADS = 60_000  # of all launches of a case together: a few seconds


def backend_of(name: str) -> Backend:
    """The backend of a device, or `cuda-sim`.

    Raises:
        TreadleError: E1003 for an unknown name.
    """
    return Simulated() if name == SIMULATED else load_backend(name)


class Simulated:
    """The kernels and templates of the GPU backend in the block simulator, where sizes allow."""

    name = SIMULATED

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> Session:
        """A session whose programs all simulate at most `MOST_THREADS` threads.

        Raises:
            SkipError: when one simulates more.
        """
        simulated_backend = _support()
        session = simulated_backend.SimulatedBackend().compile(programs)
        most = max(map(simulated_backend.threads_of, session.plans.values()), default=0)
        if most > MOST_THREADS:
            raise SkipError(f"{most:,} threads are too many to simulate")
        return session


def _support():
    """The simulator, which lies beside this package; Pytest has its folder on the path, a command has not."""
    folder = str(Path(__file__).parents[1])
    if folder not in sys.path:
        sys.path.append(folder)
    from support import simulated_backend  # noqa: PLC0415 - needs greenlet, which other backends do not

    return simulated_backend
