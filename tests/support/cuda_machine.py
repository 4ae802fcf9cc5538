"""The loop machine with a GPU in it: generated kernels run as CUDA texts in the block simulator."""

from __future__ import annotations

from support.block_sim import DeviceBuffer, run_steps
from support.loop_machine import Machine
from treadle.backends.numba_cuda.kernels import kernel_steps
from treadle.lower.plan import KernelCall, Plan


class CudaMachine(Machine):
    """Runs a plan; matrix products and convolutions are NumPy's."""

    def __init__(self, plan: Plan, order: str = "forward") -> None:
        super().__init__(plan)
        self.order = order

    def _calls(self, calls) -> None:
        for call in calls:
            if isinstance(call, KernelCall):
                self._kernel(call)
            else:
                super()._calls([call])

    def _kernel(self, call: KernelCall) -> None:
        buffers = {
            str(number): DeviceBuffer.of(self.memory[operand.buffer]) for number, operand in enumerate(call.operands)
        }
        bases = {
            str(number): self._moved(operand.moves) * operand.buffer.dtype.itemsize
            for number, operand in enumerate(call.operands)
        }
        run_steps(kernel_steps(call), buffers, self.order, bases)
