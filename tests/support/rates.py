"""How fast memory moves on a device: a plain copy, and the kernels of a model body."""

from __future__ import annotations

import numpy as np

from support.spec_runs import model
from treadle.backends.numba_cuda.backend import plan_session
from treadle.backends.numba_cuda.cache import cubins
from treadle.backends.numba_cuda.driver_api import Driver
from treadle.backends.numba_cuda.replay import Replay
from treadle.driver import Program, optimise
from treadle.lower.plan import Plan

REPEATS = 3
"""Runs before measuring: plain, captured, replayed."""


def copy_rate(driver: Driver, size: int, times: int) -> float:
    """Bytes read and written by copies of `size` bytes on the device, in 10^9 per second."""
    base, stream = driver.allocate(2 * size), driver.new_stream()
    driver.fill(base, 1, size, stream)
    begin, end = driver.new_event(), driver.new_event()
    driver.copy(base + size, base, size, stream)
    driver.record(begin, stream)
    for _ in range(times):
        driver.copy(base + size, base, size, stream)
    driver.record(end, stream)
    driver.finish(end)
    seconds = driver.seconds(begin, end)
    driver.release(base)
    return 2 * size * times / seconds / 1e9


def body_rate(driver: Driver, body: str, shape: tuple[int, int], times: int) -> float:
    """Bytes of inputs and outputs that the kernels of a body move, in 10^9 per second."""
    declared = "\n".join(
        f"input {name}: f32[{shape[0]}, {shape[1]}]" for name in "ab" if f"{name}" in uses(body)
    )
    plans, linker, layout = plan_session({"y": optimise(Program(model(f"{declared}\n{body}").graph))})
    base, stream = driver.allocate(layout.size), driver.new_stream()
    driver.fill(base, 0, layout.size, stream)
    shared = linker.shared()
    sources = linker.sources()
    codes = zip(sources, cubins(sources, driver.device.target), strict=True)
    kernels = {source: driver.load(code, shared[source]) for source, code in codes}
    places = {buffer: base + offset for buffer, offset in layout.offsets.items()}
    replay = Replay(driver, linker.link(plans["y"].calls), places, kernels)
    for _ in range(REPEATS):
        replay.run(stream)
    begin, end = driver.new_event(), driver.new_event()
    driver.record(begin, stream)
    for _ in range(times):
        replay.run(stream)
    driver.record(end, stream)
    driver.finish(end)
    rate = moved(plans["y"]) * times / driver.seconds(begin, end) / 1e9
    driver.release(base)
    return rate


def uses(body: str) -> set[str]:
    """The words of a body."""
    return set(body.replace("(", " ").replace(")", " ").replace(",", " ").split())


def moved(plan: Plan) -> int:
    """Bytes that must be read and written at least."""
    ends = (*plan.inputs.values(), *plan.outputs.values())
    return sum(int(np.prod(storage.shape)) * storage.buffer.dtype.itemsize for storage in ends)
