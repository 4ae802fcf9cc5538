"""The schedule for CPUs: which loop of a kernel is shared out among threads, and whether that pays.

Input: a target-neutral kernel. Output: the kernel with its outermost parallel loop marked `PARTS`. Vector
loops need no mark: LLVM vectorises the innermost ones, which lowering keeps contiguous.
"""

from __future__ import annotations

from dataclasses import replace

from treadle.loops import For, Kernel, Kind, Let

PARALLEL_WORK = 16384  # operations from which a second thread pays


def schedule(kernel: Kernel) -> Kernel:
    """The kernel with its one outermost loop shared out, if it has one whose iterations are independent."""
    if not is_shareable(kernel):
        return kernel
    body = tuple(replace(s, kind=Kind.PARTS) if isinstance(s, For) else s for s in kernel.body)
    return replace(kernel, body=body)


def is_shareable(kernel: Kernel) -> bool:
    """Whether a kernel is one loop of independent iterations, after values that each thread can compute
    itself."""
    loops = [statement for statement in kernel.body if not isinstance(statement, Let)]
    return len(loops) == 1 and isinstance(loops[0], For) and loops[0].kind in {Kind.PARALLEL, Kind.PARTS}


def pays(kernel: Kernel, work: int) -> bool:
    """Whether a call of this much work should use all threads."""
    return work >= PARALLEL_WORK and is_shareable(kernel)
