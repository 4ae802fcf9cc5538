"""A slow machine that runs lowered plans, so that lowering can be judged without compiling anything.

All buffers lie in one array of bytes at their planned offsets, which is poisoned at first: what is read
before it is written, or overwritten too early, shows. Parallel loops run backwards: what depends on their
order shows, too.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

import numpy as np

from support.numpy_scalars import NumpyScalars
from treadle.loops import (
    Accumulate,
    Assign,
    Barrier,
    Call,
    Const,
    For,
    Guard,
    If,
    Index,
    Kernel,
    Kind,
    Let,
    Load,
    Position,
    Size,
    Store,
    Var,
)
from treadle.lower.arena import aligned, assign_offsets
from treadle.lower.plan import ConvCall, KernelCall, LoopCall, MatmulCall, PackCall, Plan, used
from treadle.lower.storage import Buffer, BufferKind, Storage
from treadle.ops import REGISTRY

POISON = 0xF5  # a NaN in floats, nonsense in integers


class Machine:
    """Runs a plan; `values` holds inputs, params and states by name, and after `run` outputs and new
    leaves."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        arena = np.full(assign_offsets(plan.calls, {}), POISON, np.uint8)
        self.memory: dict[Buffer, np.ndarray] = {}
        named = [s.buffer for ends in (plan.inputs, plan.leaves, plan.outputs) for s in ends.values()]
        for buffer in (*used(plan.calls), *named):
            dtype = np.dtype(buffer.dtype.numpy_name)
            if buffer.kind is BufferKind.ARENA:
                start = buffer.offset
                self.memory[buffer] = arena[start : start + aligned(buffer.bytes)].view(dtype)
            else:
                self.memory[buffer] = np.full(buffer.bytes, POISON, np.uint8).view(dtype)
            if buffer.values is not None:
                self.memory[buffer][: buffer.elements] = buffer.values
        self.steps: dict[int, int] = {}

    def run(self, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The outputs, and the leaves afterwards."""
        for name, storage in (*self.plan.inputs.items(), *self.plan.leaves.items()):
            given = np.ravel(values[name])
            self.memory[storage.buffer][: given.size] = given
        with np.errstate(all="ignore"):
            self._calls(self.plan.calls)
        ends = (self.plan.outputs, self.plan.leaves)
        outputs, leaves = ({name: self._view(s).copy() for name, s in end.items()} for end in ends)
        return outputs, leaves

    def _calls(self, calls) -> None:
        for call in calls:
            if isinstance(call, LoopCall):
                for step in range(call.count):
                    self.steps[call.number] = step
                    self._calls(call.body)
            elif isinstance(call, KernelCall):
                moved = [self._moved(operand.moves) for operand in call.operands]
                buffers = [self.memory[operand.buffer] for operand in call.operands]
                KernelRun(call.kernel, buffers, moved, call.sizes).run()
            else:
                self._product(call)

    def _moved(self, moves) -> int:
        return sum(self.steps[loop] * step for loop, step in moves)

    def _view(self, storage: Storage) -> np.ndarray:
        flat = self.memory[storage.buffer]
        return flat[self._places(storage)].reshape(storage.shape)

    def _write(self, storage: Storage, value: np.ndarray) -> None:
        self.memory[storage.buffer][self._places(storage)] = np.ravel(value)

    def _places(self, storage: Storage) -> np.ndarray:
        size = int(np.prod(storage.shape, dtype=int))
        indices = np.indices(storage.shape).reshape(len(storage.shape), size)
        first = storage.offset + self._moved(storage.moves)
        return first + np.array(storage.strides, int) @ indices.astype(int)

    def _product(self, call) -> None:
        if isinstance(call, PackCall):
            raise TypeError("packing is a matter of targets")
        if isinstance(call, MatmulCall):
            value, output = np.matmul(self._view(call.a), self._view(call.b)), call.c
        else:
            assert isinstance(call, ConvCall)
            reference = REGISTRY[call.op].reference
            value, output = reference(*map(self._view, call.inputs), **call.attrs), call.output
        results = self._epilogue(call, value.reshape(_tiles(output)))
        for storage, result in zip((output, *call.epilogue.outputs), results, strict=True):
            self._write(storage, result)

    def _epilogue(self, call, value: np.ndarray) -> list[np.ndarray]:
        if not call.epilogue.results:
            return [value]
        run = KernelRun(Kernel("epilogue", (), 0, ()), [], [], ())
        run.values = {operand.name: self._view(operand.storage) for operand in call.epilogue.operands}
        run.values["value"] = value
        for let in call.epilogue.lets:
            run.execute(let)
        return [np.broadcast_to(run.value(result), value.shape) for result in call.epilogue.results]


def _tiles(output: Storage) -> tuple[int, ...]:
    shape = output.shape
    return shape if len(shape) == 3 else (shape[0], shape[1], int(np.prod(shape[2:])))


class KernelRun:
    """One run of a kernel: an interpreter of the loop IR."""

    def __init__(self, kernel: Kernel, buffers: list[np.ndarray], moved: list[int], sizes) -> None:
        self.kernel, self.buffers, self.moved, self.sizes = kernel, buffers, moved, sizes
        self.values: dict[str, Any] = {}

    def run(self) -> None:
        for statement in self.kernel.body:
            self.execute(statement)

    def size(self, size) -> int:
        return self.sizes[size.number] if isinstance(size, Size) else size

    def index(self, index: Index) -> int:
        terms = sum(int(self.values[name]) * self.size(factor) for name, factor in index.terms)
        return self.size(index.offset) + terms

    def place(self, buffer: int, index: Index) -> int:
        place = self.index(index) + self.moved[buffer]
        assert 0 <= place < self.buffers[buffer].size, f"b{buffer}[{place}] is outside of the buffer"
        return place

    @singledispatchmethod
    def execute(self, statement) -> None:
        raise TypeError(f"unknown statement {statement}")

    @execute.register
    def _(self, statement: Let | Assign) -> None:
        self.values[statement.name] = self.value(statement.value)

    @execute.register
    def _(self, statement: Accumulate) -> None:
        function = getattr(NumpyScalars, statement.function)
        self.values[statement.name] = function(self.values[statement.name], self.value(statement.value))

    @execute.register
    def _(self, statement: Store) -> None:
        assert self.kernel.buffers[statement.buffer].written
        place, value = self.place(statement.buffer, statement.index), self.value(statement.value)
        self.buffers[statement.buffer][place] = value

    @execute.register
    def _(self, statement: If) -> None:
        if self.value(statement.condition):
            for inner in statement.body:
                self.execute(inner)

    @execute.register
    def _(self, _statement: Barrier) -> None:
        pass

    @execute.register
    def _(self, statement: For) -> None:
        steps = range(self.index(statement.start), min(map(self.index, statement.stops)))
        if statement.kind is Kind.PARALLEL:
            steps = reversed(steps)
        for step in steps:
            self.values[statement.variable] = step
            for inner in statement.body:
                self.execute(inner)

    @singledispatchmethod
    def value(self, expr) -> Any:
        raise TypeError(f"unknown expression {expr}")

    @value.register
    def _(self, expr: Const) -> Any:
        return np.dtype(expr.dtype.numpy_name).type(expr.value)

    @value.register
    def _(self, expr: Var) -> Any:
        return self.values[expr.name]

    @value.register
    def _(self, expr: Position) -> Any:
        return np.int64(self.index(expr.index))

    @value.register
    def _(self, expr: Load) -> Any:
        return self.buffers[expr.buffer][self.place(expr.buffer, expr.index)]

    @value.register
    def _(self, expr: Guard) -> Any:
        return self.value(expr.value) if self.value(expr.condition) else self.value(expr.otherwise)

    @value.register
    def _(self, expr: Call) -> Any:
        operands = [self.value(operand) for operand in expr.operands]
        if expr.function == "cast":
            return np.asarray(operands[0]).astype(expr.dtype.numpy_name)[()]
        return getattr(NumpyScalars, expr.function)(*operands)
