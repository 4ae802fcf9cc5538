"""Several calls of one kernel in one launch: the blocks of the calls one after the other.

Input: a `BatchCall` of lowering. Output: `Steps` whose roles are `call.position`. A block finds the call to
which it belongs, takes that call's arguments, and runs the kernel's text as it is.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from itertools import accumulate

from treadle.backends.numba_cuda.kernel import ENTRY, KernelSource, Launch, Pointer, Steps
from treadle.backends.numba_cuda.kernels import kernel_steps
from treadle.lower.plan import BatchCall, KernelCall, touched
from treadle.lower.storage import BufferKind

MOST_CALLS = 16
MOST_PARAMS = 320  # of 4096 bytes that a launch can pass
MOST_BLOCKS = 1056  # of a call that cannot keep a large GPU busy for long on its own
MOST_BYTES = 1 << 20  # of results in the arena that may be made earlier than needed
_BLOCK = "cuda.blockIdx.x"


def batch_key(call: KernelCall) -> Hashable | None:
    """What calls that can be launched together have in common; None for calls that stay alone.

    Those are calls that fill a GPU themselves, and those whose results would take memory for longer.
    """
    if sum(buffer.bytes for buffer in touched(call)[1] if buffer.kind is BufferKind.ARENA) > MOST_BYTES:
        return None
    steps = kernel_steps(call)
    (launch,) = steps.steps
    if not isinstance(launch, Launch) or steps.scratch_bytes or launch.grid[0] > MOST_BLOCKS:
        return None
    if len(launch.args) * MOST_CALLS > MOST_PARAMS:
        return None
    return launch.source, launch.block


def batch_steps(batch: BatchCall) -> Steps:
    """The one launch of a batch."""
    launches = [_renamed(call, number) for number, call in enumerate(batch.calls)]
    blocks = sum(launch.grid[0] for launch in launches)
    padded = launches + launches[-1:] * (_padded(len(launches)) - len(launches))
    ends = [*accumulate(launch.grid[0] for launch in launches)]
    ends += [blocks] * (len(padded) - len(launches))
    args = [argument for launch in padded for argument in launch.args]
    source = batch_source(launches[0].source, len(padded))
    shared = max(launch.shared for launch in launches)
    return Steps((Launch(source, (blocks, 1, 1), launches[0].block, (*ends[:-1], *args), shared),))


def _renamed(call: KernelCall, number: int) -> Launch:
    """The launch of a call whose roles name the call, too."""
    (launch,) = kernel_steps(call).steps
    if not isinstance(launch, Launch):
        raise TypeError(f"{call.kernel.name} is no launch")
    args = (replace(a, role=f"{number}.{a.role}") if isinstance(a, Pointer) else a for a in launch.args)
    return replace(launch, args=tuple(args))


def _padded(count: int) -> int:
    """A power of two, so that batches of similar sizes share their text."""
    return 1 << (count - 1).bit_length()


def batch_source(source: KernelSource, count: int) -> KernelSource:
    """The text for `count` calls: parameters are where each call's blocks end, then the calls' own."""
    head, _, body = source.text.partition("\n")
    names = head.removeprefix(f"def {ENTRY}(").removesuffix("):").split(", ")
    ends = [f"end{number}" for number in range(count - 1)]
    own = [f"{name}_{number}" for number in range(count) for name in names]
    lines = [f"def {ENTRY}({', '.join([*ends, *own])}):", f"    block = int32({_BLOCK})"]
    for number in range(count):
        lines.append(_test(number, count))
        lines.extend(f"        {name} = {name}_{number}" for name in names)
        if number:
            lines.append(f"        block = int32(block - end{number - 1})")
    text = "\n".join(lines) + "\n" + body.replace(_BLOCK, "block")
    params = ("i32",) * (count - 1) + source.params * count
    return KernelSource(source.name, text, params, source.threads, source.blocks)


def _test(number: int, count: int) -> str:
    if number == count - 1:
        return "    else:"
    return f"    {'elif' if number else 'if'} block < end{number}:"
