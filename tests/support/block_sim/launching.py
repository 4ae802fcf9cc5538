"""Launches kernels in the simulator, with the limits that a device has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from support.block_sim.blocks import Block, in_order
from support.block_sim.hazards import WrongLaunch
from support.block_sim.library import multiply, pointer_types
from support.block_sim.memory import DeviceBuffer, View
from support.block_sim.running import Three
from support.block_sim.text import compiled, written_params
from treadle.backends.numba_cuda.kernel import Fill, KernelSource, Pointer, Product, Steps

DYNAMIC_LIMIT = 227 * 1024
NUMBERS = {
    "i32": np.int32,
    "i64": np.int64,
    "u32": np.uint32,
    "u64": np.uint64,
    "f32": np.float32,
    "f64": np.float64,
}
POINTED = {
    "f16": np.uint16,
    "bf16": np.uint16,
    "bool": np.uint8,
    "i8": np.int8,
    "u8": np.uint8,
    "u16": np.uint16,
    **NUMBERS,
}


def launch(
    source: KernelSource,
    grid: Sequence[int],
    block: Sequence[int],
    args: Sequence[View | np.ndarray | int | float],
    shared: int = 0,
    order: str = "forward",
) -> None:
    """Runs a kernel to its end; raises a Hazard at the first thing that is wrong with it.

    An array among the arguments stands for a pointer to its first element; the kernel writes into it.
    """
    extent, blocks = three(block), three(grid)
    refuse_sizes(source, tuple(map(int, grid)), tuple(map(int, block)), shared)
    if len(args) != len(source.params):
        raise WrongLaunch(f"{len(args)} arguments for {len(source.params)} parameters")
    kernel, writes = compiled(source.text), written_params(source.text)
    names = kernel.__code__.co_varnames[: kernel.__code__.co_argcount]
    if len(names) != len(source.params):
        raise WrongLaunch(f"the text takes {len(names)} arguments for {len(source.params)} parameters")
    values = tuple(argument(param, arg) for param, arg in zip(source.params, args, strict=True))
    values = tuple(begin(value, name in writes) for value, name in zip(values, names, strict=True))
    places = [Three(x, y, z) for z in range(blocks.z) for y in range(blocks.y) for x in range(blocks.x)]
    with np.errstate(all="ignore"):
        for number, place in in_order(list(enumerate(places)), order):
            Block(number, three(place), extent, blocks, shared).run(kernel, values, order)


def three(numbers: Sequence[int]) -> Three:
    """Numbers in the type that kernels see."""
    x, y, z = (np.int32(number) for number in numbers)
    return Three(x, y, z)


def begin(value: Any, writes: bool) -> Any:
    """A pointer as a launch begins: nothing has been touched yet."""
    if not isinstance(value, View):
        return value
    if not writes:
        return value.read_only()
    assert value.tracker is not None
    value.tracker.clear()
    return value


def refuse_sizes(source: KernelSource, grid: tuple[int, ...], block: tuple[int, ...], shared: int) -> None:
    """What a device or the kernel's launch bounds do not allow."""
    threads = int(np.prod(block))
    if not 0 < threads <= min(source.threads, 1024) or (len(block) > 2 and block[2] > 64):
        raise WrongLaunch(f"blocks of {block} threads, above {source.threads}")
    if min(grid) < 1 or grid[0] >= 2**31 or any(extent > 65535 for extent in grid[1:]):
        raise WrongLaunch(f"a grid of {grid} blocks")
    if not 0 <= shared <= DYNAMIC_LIMIT:
        raise WrongLaunch(f"{shared} bytes of dynamic shared memory, above {DYNAMIC_LIMIT}")


def argument(param: str, value: View | np.ndarray | int | float) -> Any:
    """An argument in the type of its parameter."""
    if isinstance(value, np.ndarray):
        value = DeviceBuffer.of(value).pointer(value.dtype)
    if isinstance(value, View):
        if not param.endswith("*") or np.dtype(POINTED[param[:-1]]).itemsize != value.size:
            raise WrongLaunch(f"a pointer to {value.values.dtype} for a parameter {param}")
        return value
    return NUMBERS[param](value)


def run_steps(
    steps: Steps,
    buffers: Mapping[str, DeviceBuffer],
    order: str = "forward",
    bases: Mapping[str, int] | None = None,
) -> None:
    """Runs steps; `buffers` by role, and `bases` the byte at which a role's operand begins in its buffer.

    The role `scratch` is made here.
    """
    roles = {**buffers, "scratch": DeviceBuffer.empty(steps.scratch_bytes, name="scratch")}
    bases = bases or {}
    for step in steps.steps:
        if isinstance(step, Fill):
            fill(roles[step.pointer.role], bases.get(step.pointer.role, 0) + step.pointer.offset, step)
            continue
        params = pointer_types(step) if isinstance(step, Product) else step.source.params
        args = [
            pointed(roles[arg.role], param, bases.get(arg.role, 0) + arg.offset)
            if isinstance(arg, Pointer)
            else arg
            for param, arg in zip(params, step.args, strict=True)
        ]
        if isinstance(step, Product):
            multiply(step, args)
            continue
        launch(step.source, step.grid, step.block, args, step.shared, order)


def pointed(buffer: DeviceBuffer, param: str, offset: int) -> View:
    """A pointer of a parameter's type into a buffer."""
    return buffer.pointer(POINTED[param.removesuffix("*")], offset)


def fill(buffer: DeviceBuffer, start: int, step: Fill) -> None:
    """Sets bytes."""
    if not 0 <= start <= len(buffer.data) - step.count:
        raise WrongLaunch(f"a fill of {step.count} bytes from byte {start} of {buffer.name}")
    buffer.data[start : start + step.count] = step.value
    buffer.written[start : start + step.count] = True
