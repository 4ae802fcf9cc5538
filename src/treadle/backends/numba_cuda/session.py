"""Sessions on a GPU: one allocation, one stream, programs that are replayed.

Input: linked programs, their layout, loaded kernels. Output: results as NumPy arrays. `run` is `start`
followed by `outputs`; between the two the caller may prepare the next inputs and `send` them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from treadle.backends.numba_cuda.driver_api import Driver, Handle
from treadle.backends.numba_cuda.memory import Group, Layout
from treadle.backends.numba_cuda.replay import Replay
from treadle.backends.numba_cuda.transfers import Inputs, Outputs
from treadle.backends.protocol import Array, CallTime, MemoryPlan
from treadle.lower.storage import Storage
from treadle.ops.halves import from_words, to_words, word_type


@dataclass(eq=False)
class Runner:
    """A program of a session: what it runs, where its inputs and outputs lie, its latest run."""

    replay: Replay
    inputs: Group
    outputs: Outputs
    running: Running | None = None


class Running:
    """A run that was started."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._collected: dict[str, Array] | None = None

    def outputs(self) -> dict[str, Array]:
        """The outputs by name; waits for them."""
        if self._collected is None:
            self._collected = self._outputs.collect()
        return self._collected


class CudaSession:
    """Compiled programs over shared parameters and states in the memory of a GPU.

    Args:
        driver: the device.
        layout: of the session's memory.
        base: the address of that memory.
        stream: on which programs run.
        replays: programs by name.
        leaves: where parameters and states lie, by name.
    """

    def __init__(
        self,
        driver: Driver,
        layout: Layout,
        base: int,
        stream: Handle,
        replays: Mapping[str, Replay],
        leaves: Mapping[str, Storage],
    ) -> None:
        self._driver = driver
        self._layout = layout
        self._base = base
        self._stream = stream
        self._leaves = leaves
        self._idle = driver.new_event()
        size = max((group.size for group in layout.inputs.values()), default=0)
        self._inputs = Inputs(driver, [base + offset for offset in layout.waiting], size)
        self._runners = {name: self._runner(name, replay) for name, replay in replays.items()}
        self._release = finalize(self, driver.release, base)
        self._release.atexit = False  # the driver frees everything itself then

    @property
    def memory(self) -> MemoryPlan:
        """What the session needs."""
        return self._layout.summary

    def write(self, name: str, value: np.ndarray[Any, Any]) -> None:
        """Sets a parameter or state. Raises KeyError for no such leaf, ValueError for a wrong shape."""
        leaf = self._leaf(name)
        if np.shape(value) != leaf.shape:
            raise ValueError(f"{name} has shape {leaf.shape}, not {np.shape(value)}")
        array = to_words(value, leaf.buffer.dtype)
        if array.nbytes:
            self._driver.upload(self._address(leaf), array, self._stream)
        self._finish()

    def read(self, name: str) -> Array:
        """A copy of a parameter or state. Raises KeyError for no such leaf."""
        leaf = self._leaf(name)
        words: NDArray[Any] = np.empty(leaf.shape, word_type(leaf.buffer.dtype))
        if words.nbytes:
            self._driver.download(words, self._address(leaf), self._stream)
        self._finish()
        return from_words(words, leaf.buffer.dtype)

    def send(self, program: str, inputs: Mapping[str, Array]) -> None:
        """Starts copying the inputs of a later `start` with this very mapping, while something else runs.

        Raises:
            KeyError: for an unknown program or a missing input.
            ValueError: for an input of a wrong shape.
        """
        self._inputs.send(self._find(program).inputs, inputs)

    def start(self, program: str, inputs: Mapping[str, Array]) -> Running:
        """Starts a program; see `run`."""
        runner = self._find(program)
        if runner.running is not None:
            runner.running.outputs()  # their host memory is about to be written again
        self._inputs.take(runner.inputs, inputs, self._base + runner.inputs.start, self._stream)
        runner.replay.run(self._stream)
        runner.outputs.fetch(self._stream)
        runner.running = Running(runner.outputs)
        return runner.running

    def run(self, program: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Runs a program: its outputs by name. Updates take effect together, after all reads.

        Raises:
            KeyError: for an unknown program or a missing input.
            ValueError: for an input of a wrong shape.
        """
        return self.start(program, inputs).outputs()

    def profile(self, program: str, inputs: Mapping[str, Array], runs: int) -> list[CallTime]:
        """Times of all calls in order; see `Profiled`."""
        self.run(program, inputs)
        return self._find(program).replay.measure(self._stream, runs)

    def close(self) -> None:
        """Gives the device memory back, as when the session is forgotten; it cannot be used any more."""
        self._finish()
        self._release()

    def _runner(self, name: str, replay: Replay) -> Runner:
        outputs = self._layout.outputs[name]
        address = self._base + outputs.start
        return Runner(replay, self._layout.inputs[name], Outputs(self._driver, outputs, address))

    def _find(self, program: str) -> Runner:
        if program not in self._runners:
            raise KeyError(f"no program is named {program}; there are {', '.join(self._runners)}")
        return self._runners[program]

    def _leaf(self, name: str) -> Storage:
        if name not in self._leaves:
            raise KeyError(f"no parameter or state is named {name}")
        return self._leaves[name]

    def _address(self, leaf: Storage) -> int:
        return self._base + self._layout.offsets[leaf.buffer]

    def _finish(self) -> None:
        self._driver.record(self._idle, self._stream)
        self._driver.finish(self._idle)
