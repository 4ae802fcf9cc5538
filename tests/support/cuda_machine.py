"""The loop machine with a GPU in it: generated kernels run in the block simulator, products are NumPy's."""

from __future__ import annotations

from support.loop_machine import Machine
from support.simulated_plan import SimulatedPlan
from treadle.lower.plan import BatchCall, KernelCall


class CudaMachine(SimulatedPlan):
    """Runs a plan; faster than `SimulatedPlan` where products are not what is tested."""

    def _calls(self, calls) -> None:
        for call in calls:
            if isinstance(call, KernelCall | BatchCall):
                self._launch(call)
            else:
                Machine._calls(self, [call])
