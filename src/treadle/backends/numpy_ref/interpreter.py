"""Evaluates a graph node by node through `OpDef.reference`; loops of `scan` run in Python.

Input: a graph with static shapes, arrays for its inputs, params and states. Output: arrays. Non-goals: speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from treadle.backends.protocol import Array
from treadle.ir import Graph, Node
from treadle.ops import REGISTRY
from treadle.ops.control import INDEX
from treadle.ops.halves import rounded, widened
from treadle.types import TensorType

_NAMED = frozenset({"input", "param", "state"})


def evaluate(graph: Graph, values: Mapping[str, Any]) -> dict[str, Array]:
    """The outputs of a graph; `values` are inputs, params and states by name. Updates are not looked at."""
    results = Interpreter(list(graph.outputs.values()))(values)
    return dict(zip(graph.outputs, results, strict=True))


class Interpreter:
    """A function from named values to the values of some nodes of one graph; reusable.

    Raises (when called):
        KeyError: when a value is missing.
        ValueError: when a value has the wrong shape.
    """

    def __init__(self, roots: Sequence[Node]) -> None:
        self._roots = list(roots)
        self._steps = [(node, self._evaluator(node)) for node in _needed(self._roots)]

    def __call__(self, values: Mapping[str, Any]) -> list[Array]:
        """The values of the roots."""
        known = self.all_values(values)
        return [known[node.id] for node in self._roots]

    def all_values(self, values: Mapping[str, Any]) -> dict[int, Any]:
        """The values of all nodes that the roots need, by id; tuples for nodes with several results."""
        known: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for node, evaluator in self._steps:
                if evaluator is None:
                    known[node.id] = _named_value(node, values)
                else:
                    known[node.id] = evaluator(*(known[operand.id] for operand in node.inputs))
        return known

    @property
    def nodes(self) -> list[Node]:
        """The nodes it computes, in order."""
        return [node for node, _ in self._steps]

    def _evaluator(self, node: Node) -> Callable[..., Any] | None:
        if node.op in _NAMED:
            return None
        if node.op == "scan":
            return Loop(node)
        return _op_evaluator(node)


def _op_evaluator(node: Node) -> Callable[..., Any]:
    reference = REGISTRY[node.op].reference
    if reference is None:
        raise ValueError(f"{node!r} cannot be evaluated; expand gradients first")
    attrs = dict(node.attrs)
    dtype, shape = node.type.dtype, node.type.static_shape()

    def run(*operands: Any) -> Array:
        result = rounded(reference(*map(widened, operands), **attrs), dtype)
        if result.shape != shape:
            raise ValueError(f"{node!r} gave the shape {result.shape}")
        return result

    return run


def _needed(roots: Sequence[Node]) -> list[Node]:
    found: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.id not in found:
            found[node.id] = node
            stack.extend(node.inputs)
    return [found[node_id] for node_id in sorted(found)]


def _named_value(node: Node, values: Mapping[str, Any]) -> Array:
    return as_array(node.attrs["name"], node.type, values[node.attrs["name"]])


def as_array(name: str, type_: TensorType, value: Any) -> Array:
    """A value as an array of the type, without a copy where possible; ValueError for a wrong shape."""
    array = rounded(value, type_.dtype)
    if array.shape != type_.static_shape():
        raise ValueError(f"{name} has the shape {array.shape}, {type_} is needed")
    return array


class Loop:
    """Runs the body of a scan once per element."""

    def __init__(self, node: Node) -> None:
        """Prepares the body of this node."""
        self._node = node
        self._body: Graph = node.attrs["body"]
        self._step = Interpreter(list(self._body.outputs.values()))
        self._names = [name for name in self._body.inputs if name != INDEX]

    def __call__(self, *operands: Array) -> tuple[Array, ...]:
        """The last carries, and the stacks of what was yielded."""
        carries = self._node.attrs["carries"]
        carried: Sequence[Array] = operands[:carries]
        yields = self._empty_yields(carries)
        for index, _, results in self.steps(*operands):
            carried = results[:carries]
            for stack, value in zip(yields, results[carries:], strict=True):
                stack[index] = value
        return (*carried, *yields)

    def steps(self, *operands: Array) -> Iterator[tuple[int, dict[str, Any], list[Array]]]:
        """For each step its number, the values of the body's inputs, and its results."""
        attrs = self._node.attrs
        carries, first_constant = attrs["carries"], attrs["carries"] + attrs["sequences"]
        carried: Sequence[Array] = operands[:carries]
        sequences, constants = operands[carries:first_constant], operands[first_constant:]
        order = range(attrs["length"])
        for index in reversed(order) if attrs["reverse"] else order:
            given = [*carried, *(sequence[index] for sequence in sequences), *constants]
            values = {**dict(zip(self._names, given, strict=True)), INDEX: index}
            results = self._step(values)
            carried = results[:carries]
            yield index, values, results

    def _empty_yields(self, carries: int) -> list[Array]:
        results = self._node.result
        types = results[carries:] if isinstance(results, tuple) else ()
        return [np.empty(t.static_shape(), t.dtype.numpy_name) for t in types]
