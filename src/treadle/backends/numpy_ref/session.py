"""The reference backend's session: named leaves, and programs that read and replace them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from treadle.backends.numpy_ref.interpreter import Interpreter, as_array
from treadle.backends.protocol import Array, MemoryPlan
from treadle.ir import Graph, Node
from treadle.types import TensorType


class NumpyBackend:
    """Interprets graphs with NumPy; `--device numpy`."""

    name = "numpy"

    def compile(self, programs: Mapping[str, Graph], *, threads: int | None = None) -> NumpySession:  # noqa: ARG002 - part of the protocol; NumPy chooses for itself
        """A session over the programs; see `Backend.compile`."""
        return NumpySession(programs)


class NumpySession:
    """Programs over shared leaves, which are zero until written; see `Session`."""

    def __init__(self, programs: Mapping[str, Graph]) -> None:
        self._types = _leaf_types(programs.values())
        self._values = {name: _zeros(type_) for name, type_ in self._types.items()}
        self._programs = {name: _Program(graph) for name, graph in programs.items()}
        self.memory = _memory(programs.values(), self._programs.values())

    def write(self, name: str, value: np.ndarray[Any, Any]) -> None:
        """Sets a leaf to a copy of the value."""
        self._values[name] = as_array(name, self._types[name], value).copy()

    def read(self, name: str) -> Array:
        """A copy of a leaf."""
        return self._values[name].copy()

    def run(self, program: str, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Array]:
        """Runs a program and then applies its updates together."""
        outputs, updates = self._programs[program].run({**self._values, **inputs})
        self._values.update(updates)
        return outputs


class _Program:
    def __init__(self, graph: Graph) -> None:
        self._outputs = list(graph.outputs)
        self._updates = list(graph.updates)
        self.interpreter = Interpreter(graph.roots())

    def run(self, values: Mapping[str, Any]) -> tuple[dict[str, Array], dict[str, Array]]:
        """Outputs and new leaf values. Copies, so that no two names share memory."""
        results = [np.array(value) for value in self.interpreter(values)]
        count = len(self._outputs)
        outputs = dict(zip(self._outputs, results[:count], strict=True))
        return outputs, dict(zip(self._updates, results[count:], strict=True))


def _leaf_types(graphs: Iterable[Graph]) -> dict[str, TensorType]:
    types: dict[str, TensorType] = {}
    for graph in graphs:
        for name, node in graph.leaves().items():
            if types.setdefault(name, node.type) != node.type:
                raise ValueError(f"{name} is {types[name]} in one program and {node.type} in another")
    return types


def _zeros(type_: TensorType) -> Array:
    return np.zeros(type_.static_shape(), type_.dtype.numpy_name)


def _memory(graphs: Iterable[Graph], programs: Iterable[_Program]) -> MemoryPlan:
    graphs = list(graphs)
    params = {name: node for graph in graphs for name, node in graph.params.items()}
    states = {name: node for graph in graphs for name, node in graph.states.items()}
    return MemoryPlan(
        parameters=_size(params.values()),
        states=_size(states.values()),
        inputs=max((_size(graph.inputs.values()) for graph in graphs), default=0),
        activations=max((_activations(program) for program in programs), default=0),
    )


def _activations(program: _Program) -> int:
    named = {"input", "param", "state"}
    return _size(node for node in program.interpreter.nodes if node.op not in named)


def _size(nodes: Iterable[Node]) -> int:
    total = 0
    for node in nodes:
        types = node.result if isinstance(node.result, tuple) else (node.result,)
        total += sum(int(np.prod(t.static_shape())) * t.dtype.itemsize for t in types)
    return total
