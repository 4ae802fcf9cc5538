"""What a call of a plan becomes on a GPU: the steps of a generated kernel, or of a template.

Input: a call. Output: its `Steps`. Non-goals: where operands lie (`link.py`).
"""

from __future__ import annotations

from treadle.backends.numba_cuda.batches import batch_steps
from treadle.backends.numba_cuda.kernel import Steps
from treadle.backends.numba_cuda.kernels import kernel_steps
from treadle.backends.numba_cuda.templates import conv_steps, matmul_steps
from treadle.lower.plan import BatchCall, Call, ConvCall, KernelCall, MatmulCall


def choose_steps(call: Call) -> Steps:
    """The steps of a call.

    Raises:
        TypeError: for a loop or a packing, which have none here.
    """
    if isinstance(call, KernelCall):
        return kernel_steps(call)
    if isinstance(call, BatchCall):
        return batch_steps(call)
    if isinstance(call, MatmulCall):
        return matmul_steps(call)
    if isinstance(call, ConvCall):
        return conv_steps(call)
    raise TypeError(f"{type(call).__name__} is not made for GPUs")
