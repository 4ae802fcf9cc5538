"""Sessions: the memory of compiled programs, and running them.

Input: linked programs over planned buffers. Output: results as NumPy arrays. One arena serves all programs
of a session; parameters and states lie in a block of their own. Inputs are read where the caller has them,
if their layout allows it; outputs are written where the caller gets them, unless they are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treadle.backends.numba_cpu.link import Binding, Linked
from treadle.backends.numba_cpu.program import Program
from treadle.backends.protocol import CallTime, MemoryPlan
from treadle.lower.arena import ALIGNMENT, aligned
from treadle.lower.cost import cost_of
from treadle.lower.plan import Call, Plan
from treadle.lower.storage import Buffer, Storage
from treadle.ops.halves import from_words, to_words, word_type
from treadle.types import DType

Array = NDArray[Any]

_WORTH_BINDING = 4096  # bytes; copying fewer takes less time than a new array and its address
_LONG_ENOUGH = 200e-6  # seconds that a measurement should take, many times what it takes to enter a program


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor in the memory of a session: its elements as they lie there."""

    words: Array
    dtype: DType

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return self.words.shape

    def write(self, value: Any) -> None:
        """Sets all elements."""
        self.words[...] = to_words(value, self.dtype)

    def read(self) -> Array:
        """A copy."""
        return from_words(self.words.copy(), self.dtype)


class Block:
    """Aligned memory, zeroed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._bytes = np.zeros(size + ALIGNMENT, np.uint8)
        self._start = -self._bytes.ctypes.data % ALIGNMENT
        self.address = self._bytes.ctypes.data + self._start

    def tensor(self, offset: int, storage: Storage) -> Tensor:
        """A contiguous tensor that lies here."""
        dtype = storage.buffer.dtype
        start = self._start + offset
        size = int(np.prod(storage.shape, dtype=np.int64)) * dtype.itemsize
        words = self._bytes[start : start + size].view(word_type(dtype))
        return Tensor(words.reshape(storage.shape), dtype)


def pack(buffers: Iterable[Buffer]) -> tuple[Block, dict[Buffer, int]]:
    """A block that holds all the buffers, and their offsets in it."""
    offsets: dict[Buffer, int] = {}
    size = 0
    for buffer in buffers:
        offsets[buffer] = size
        size += aligned(buffer.bytes)
    return Block(size), offsets


@dataclass(eq=False)
class Input:
    """An input of a program: its type, and the words that hold its address."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    bindings: list[Binding]
    address: int = 0
    array: Array | None = None

    def bind(self, value: Any) -> None:
        """Points the program at an array; one of another layout or element type is copied.

        Raises:
            ValueError: for a wrong shape.
        """
        array = to_words(value, self.dtype) if self._needs_copy(value) else value
        if array.shape != self.shape:
            raise ValueError(f"input {self.name} must have shape {self.shape}, not {array.shape}")
        self.array = array
        address = array.ctypes.data
        if address != self.address:
            self.address = address
            point(self.bindings, address)

    def _needs_copy(self, value: Any) -> bool:
        plain = isinstance(value, np.ndarray) and value.dtype == np.dtype(self.dtype.numpy_name)
        return (
            self.dtype is DType.BF16 or not plain or not value.flags.c_contiguous or not value.flags.aligned
        )


@dataclass(frozen=True, eq=False)
class Output:
    """An output of a program: where it lies in the session, and the words that hold its address."""

    tensor: Tensor
    bindings: list[Binding]

    def make(self) -> Tensor:
        """Points the program at a new array; a small output stays in the session."""
        words = self.tensor.words
        if words.nbytes < _WORTH_BINDING or not self.bindings:
            return self.tensor
        fresh = Tensor(aligned_empty(words), self.tensor.dtype)
        point(self.bindings, fresh.words.ctypes.data)
        return fresh

    def take(self, made: Tensor) -> Array:
        """What the program wrote: the new array, or a copy of what stayed in the session."""
        return made.read() if made is self.tensor else from_words(made.words, made.dtype)


def aligned_empty(like: Array) -> Array:
    """An array of this shape and type whose address is as aligned as those of the session's memory."""
    raw = np.empty(like.nbytes + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + like.nbytes].view(like.dtype).reshape(like.shape)


def point(bindings: Iterable[Binding], address: int) -> None:
    """Writes the address of a buffer wherever a program expects it."""
    for binding in bindings:
        binding.meta[binding.slot] = address + binding.offset


@dataclass
class Runner:
    """A program of a session; `parts` are its calls, with what makes a runner of
    so many repetitions of each."""

    program: Program
    inputs: tuple[Input, ...]
    outputs: dict[str, Output] = field(default_factory=dict)
    parts: Sequence[tuple[Call, Callable[[int], Runner]]] = ()

    def run(self, values: Mapping[str, Any]) -> dict[str, Array]:
        """Binds inputs and outputs, and runs."""
        for given in self.inputs:
            if given.name not in values:
                raise KeyError(f"input {given.name} is missing")
            given.bind(values[given.name])
        made = {name: output.make() for name, output in self.outputs.items()}
        self.program.run()
        return {name: output.take(made[name]) for name, output in self.outputs.items()}


def make_runner(plan: Plan, linked: Linked, tensors: Mapping[Buffer, Tensor]) -> Runner:
    """A runner of a linked plan."""
    if linked.program is None:
        raise ValueError(f"{plan.name} is not linked")
    inputs = tuple(
        Input(name, s.shape, s.buffer.dtype, linked.words.get(s.buffer, []))
        for name, s in plan.inputs.items()
    )
    outputs = {
        name: Output(tensors[storage.buffer], linked.words.get(storage.buffer, []))
        for name, storage in plan.outputs.items()
    }
    return Runner(linked.program, inputs, outputs)


class CpuSession:
    """Compiled programs over shared parameters and states.

    Args:
        runners: programs by name.
        leaves: parameters and states by name.
        memory: what the session needs.
        blocks: the memory itself, kept alive.
    """

    def __init__(
        self,
        runners: Mapping[str, Runner],
        leaves: Mapping[str, Tensor],
        memory: MemoryPlan,
        blocks: tuple[Any, ...],
    ) -> None:
        self._runners = runners
        self._leaves = leaves
        self._memory = memory
        self._blocks = blocks

    @property
    def memory(self) -> MemoryPlan:
        """What the session needs."""
        return self._memory

    def write(self, name: str, value: Array) -> None:
        """Sets a parameter or state. Raises KeyError for no such leaf, ValueError for a wrong shape."""
        leaf = self._leaf(name)
        if np.shape(value) != leaf.shape:
            raise ValueError(f"{name} has shape {leaf.shape}, not {np.shape(value)}")
        leaf.write(value)

    def read(self, name: str) -> Array:
        """A copy of a parameter or state. Raises KeyError for no such leaf."""
        return self._leaf(name).read()

    def run(self, program: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Runs a program: its outputs by name. Updates take effect together, after all reads.

        Raises:
            KeyError: for an unknown program or a missing input.
            ValueError: for an input of a wrong shape.
        """
        return self._find(program).run(inputs)

    def profile(self, program: str, inputs: Mapping[str, Array], runs: int) -> list[CallTime]:
        """Times of all calls in order, a loop being one call; see `Profiled`.

        A call is repeated inside of a program, so that what it takes to enter one counts little.
        """
        runner = self._find(program)
        runner.run(inputs)
        return [CallTime(cost_of(call), 1, _time(make, inputs, runs)) for call, make in runner.parts]

    def _find(self, program: str) -> Runner:
        if program not in self._runners:
            raise KeyError(f"no program is named {program}; there are {', '.join(self._runners)}")
        return self._runners[program]

    def _leaf(self, name: str) -> Tensor:
        if name not in self._leaves:
            raise KeyError(f"no parameter or state is named {name}")
        return self._leaves[name]


def _time(make: Callable[[int], Runner], inputs: Mapping[str, Array], runs: int) -> float:
    """The least time of a call in seconds."""
    once = _least(make(1), inputs, runs)
    times = 1 + round(_LONG_ENOUGH / once)
    return once if times == 1 else _least(make(times), inputs, runs) / times


def _least(runner: Runner, inputs: Mapping[str, Array], runs: int) -> float:
    spent = []
    for _ in range(runs):
        begun = perf_counter()
        runner.run(inputs)
        spent.append(perf_counter() - begun)
    return min(spent)
