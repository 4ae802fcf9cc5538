"""Lowering scans: a loop of calls whose operands advance with each iteration.

Input: a `scan` node and the storage of its operands. Output: the storage of its results and the calls. The
body is lowered once. Sequences and stacked results are read and written in place. A carried value of which
the scan also returns all old or new values lives in a history of length + 1, where each iteration reads one
element and writes the next; others live in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from treadle.ir import Graph, Node
from treadle.lower.context import Context
from treadle.lower.copies import copy_call
from treadle.lower.plan import Call, LoopCall
from treadle.lower.storage import BufferKind, Storage, whole
from treadle.types import DType, TensorType

INDEX = "index"


@dataclass(frozen=True)
class Result:
    """A value that must end up in a storage; `replaces` is the leaf whose old value that storage holds
    until then."""

    node: Node
    storage: Storage
    replaces: Node | None = None


class LowerBody(Protocol):
    """How a body is lowered: `block.Block`, without importing it."""

    def __call__(
        self, graph: Graph, context: Context, leaves: Mapping[int, Storage], results: Sequence[Result]
    ) -> tuple[Call, ...]: ...


class ScanLowering:
    """One scan. Making it chooses where its results live; `calls` lowers the body.

    Args:
        node: the scan.
        items: its results that are used, by number.
        bound: results that must end up in a given storage.
        context: of the program.
    """

    def __init__(
        self, node: Node, items: Mapping[int, Node], bound: Mapping[int, Storage], context: Context
    ) -> None:
        self.node = node
        self.context = context
        self.body: Graph = node.attrs["body"]
        self.carries: int = node.attrs["carries"]
        self.sequences: int = node.attrs["sequences"]
        self.length: int = node.attrs["length"]
        self.reverse: bool = node.attrs["reverse"]
        self.loop = context.new_loop()
        self.inputs = list(self.body.inputs.values())
        self.outputs = list(self.body.outputs.values())
        self.carried = [self._carried(number) for number in range(self.carries)]
        self.places: dict[int, Storage] = {}
        self.copies: list[tuple[Storage, Storage]] = []
        self.yields: dict[int, Storage] = {}
        for number in items:
            self._place(number, bound.get(number))

    def calls(self, locate: Callable[[Node], Storage], lower_body: LowerBody) -> list[Call]:
        """Copies of the initial values, the loop, and copies of results that must go elsewhere."""
        operands = [locate(operand) for operand in self.node.inputs]
        starts = [copy_call(operands[k], self._start(k)) for k in range(self.carries)]
        leaves = {node.id: place for node, place in zip(self.inputs, self._leaves(operands), strict=True)}
        outer, self.context.loop = self.context.loop, self.loop
        body = lower_body(self.body, self.context, leaves, self._results())
        self.context.loop = outer
        return [*starts, LoopCall(self.loop, self.length, body), *(copy_call(a, b) for a, b in self.copies)]

    def _has_history(self, number: int) -> bool:
        kept = (self.inputs[number], self.outputs[number])
        return any(output in kept for output in self.outputs[self.carries :])

    def _carried(self, number: int) -> Storage:
        """The place of a carried value: one element, or all of them and the initial one."""
        type_ = self.inputs[number].type
        shape = (self.length + 1 if self._has_history(number) else 1, *type_.static_shape())
        return self.context.tensor("carry", type_.dtype, shape)

    def _element(self, stack: Storage, position: int) -> Storage:
        offset = stack.offset + position * stack.strides[0]
        return replace(stack, shape=stack.shape[1:], strides=stack.strides[1:], offset=offset)

    def _moving(self, stack: Storage, first: int) -> Storage:
        """The element at hand of a stack: `first` in the first iteration, then one further each time."""
        step = -stack.strides[0] if self.reverse else stack.strides[0]
        return self._element(stack, first).moved(self.loop, step)

    def _current(self, stack: Storage) -> Storage:
        return self._moving(stack, self.length - 1 if self.reverse else 0)

    def _start(self, number: int) -> Storage:
        """Where the initial value of a carry goes."""
        last = self.carried[number].shape[0] - 1
        return self._element(self.carried[number], last if self.reverse else 0)

    def _end(self, number: int) -> Storage:
        last = self.carried[number].shape[0] - 1
        return self._element(self.carried[number], 0 if self.reverse else last)

    def _old(self, number: int) -> Storage:
        """The carry that an iteration reads."""
        stack = self.carried[number]
        if not self._has_history(number):
            return self._element(stack, 0)
        return self._moving(stack, self.length if self.reverse else 0)

    def _new(self, number: int) -> Storage:
        """The carry that an iteration writes."""
        stack = self.carried[number]
        if not self._has_history(number):
            return self._element(stack, 0)
        return self._moving(stack, self.length - 1 if self.reverse else 1)

    def _place(self, number: int, bound: Storage | None) -> None:
        """Chooses the place of a result: inside a carry or a history where it is there anyway."""
        inside = self._end(number) if number < self.carries else self._in_history(self.outputs[number])
        if inside is None:
            type_ = self._result(number)
            own = bound or self.context.tensor("stack", type_.dtype, type_.static_shape())
            self.places[number] = self.yields[number] = own
        else:
            self.places[number] = bound or inside
            if bound is not None:
                self.copies.append((inside, bound))

    def _result(self, number: int) -> TensorType:
        results = self.node.result
        if not isinstance(results, tuple):
            raise TypeError(f"{self.node} is no scan")
        return results[number]

    def _in_history(self, output: Node) -> Storage | None:
        """All values of a body output as part of the history of a carry."""
        for number in range(self.carries):
            if output in (self.inputs[number], self.outputs[number]):
                stack = self.carried[number]
                shifted = (output is self.outputs[number]) != self.reverse
                offset = stack.offset + (stack.strides[0] if shifted else 0)
                return replace(stack, shape=(self.length, *stack.shape[1:]), offset=offset)
        return None

    def _leaves(self, operands: Sequence[Storage]) -> list[Storage]:
        """The storage of each input of the body."""
        split = self.carries + self.sequences
        places = [self._old(k) for k in range(self.carries)]
        places += [self._current(stack) for stack in operands[self.carries : split]]
        places += operands[split:]
        if INDEX in self.body.inputs:
            places.append(self._current(self._counter()))
        return places

    def _counter(self) -> Storage:
        numbers = tuple(range(self.length))
        buffer = self.context.buffer("counter", DType.I64, self.length, BufferKind.CONSTANT, numbers)
        return whole(buffer, (self.length,))

    def _results(self) -> list[Result]:
        results = [Result(self.outputs[k], self._current(stack)) for k, stack in self.yields.items()]
        for number in range(self.carries):
            replaces = None if self._has_history(number) else self.inputs[number]
            if self.outputs[number] is not replaces:
                results.append(Result(self.outputs[number], self._new(number), replaces))
        return results
