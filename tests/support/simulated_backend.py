"""A backend for graphs without leaves: their GPU kernels and templates run in the block simulator.

Plans are those of the GPU backend, with calls batched as there; memory is poisoned and every buffer has its
bounds. Copies, capture and replay are not part of it: see `ExecutingDriver`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import numpy as np

from support.simulated_plan import SimulatedPlan
from treadle.backends.numba_cuda.backend import check_all, plan_session
from treadle.backends.numba_cuda.choose import choose_steps
from treadle.backends.numba_cuda.kernel import Launch
from treadle.backends.protocol import MemoryPlan
from treadle.ir import Graph
from treadle.lower.plan import Call, LoopCall, Plan


class SimulatedBackend:
    """`order` is in which order threads take their turns."""

    name = "cuda-sim"

    def __init__(self, order: str = "forward") -> None:
        self._order = order

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> SimulatedSession:
        """A session over graphs that have no leaves."""
        check_all(programs)
        assert not any(graph.leaves() for graph in programs.values())
        plans, _, layout = plan_session(programs)
        return SimulatedSession(plans, layout.summary, self._order)


class SimulatedSession:
    """Programs as plans; each run starts with poisoned memory."""

    def __init__(self, plans: Mapping[str, Plan], memory: MemoryPlan, order: str) -> None:
        self.plans = plans
        self.memory = memory
        self._order = order

    def run(self, program: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of a program."""
        return SimulatedPlan(self.plans[program], self._order).run(dict(inputs))[0]


def threads_of(plan: Plan) -> int:
    """How many threads a run of a plan simulates."""
    return _threads(plan.calls)


def _threads(calls: Iterable[Call]) -> int:
    return sum(
        call.count * _threads(call.body) if isinstance(call, LoopCall) else _launched(call) for call in calls
    )


def _launched(call: Call) -> int:
    launches = [step for step in choose_steps(call).steps if isinstance(step, Launch)]
    return sum(prod(launch.grid) * prod(launch.block) for launch in launches)
