"""Runs a lowered plan with the kernels of the CUDA backend in the block simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from support.block_sim import DeviceBuffer, run_steps
from support.loop_machine import Machine
from treadle.backends.numba_cuda.choose import choose_steps
from treadle.backends.numba_cuda.kernel import KernelSource, Steps
from treadle.backends.numba_cuda.link import Place, places_of
from treadle.lower.plan import Call, LoopCall, Plan, walk


class SimulatedPlan(Machine):
    """A plan on a simulated GPU.

    Args:
        plan: lowered for one thread.
        order: in which order threads take their turns.
        choose: what a call becomes.
    """

    def __init__(
        self, plan: Plan, order: str = "forward", choose: Callable[[Call], Steps] = choose_steps
    ) -> None:
        super().__init__(plan)
        self.order = order
        self.choose = choose

    def _calls(self, calls: Iterable[Call]) -> None:
        for call in calls:
            if isinstance(call, LoopCall):
                super()._calls([call])
            else:
                self._launch(call)

    def _launch(self, call: Call) -> None:
        places = {role: place.at(self.steps) for role, place in places_of(call).items()}
        buffers = {role: self._memory_of(place, role) for role, place in places.items()}
        bases = {role: place.offset for role, place in places.items()}
        run_steps(self.choose(call), buffers, self.order, bases)

    def _memory_of(self, place: Place, role: str) -> DeviceBuffer:
        """The operand's bytes alone: what lies behind them in the arena is out of bounds."""
        held = self.memory[place.buffer].view(np.uint8)[: place.buffer.bytes]
        return DeviceBuffer.of(held, f"{role} ({place.buffer.name})")


def plan_sources(plan: Plan) -> list[KernelSource]:
    """The distinct kernels of a plan."""
    calls = [call for call in walk(plan.calls) if not isinstance(call, LoopCall)]
    return list(dict.fromkeys(source for call in calls for source in choose_steps(call).sources()))
