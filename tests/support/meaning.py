"""Compares what graphs compute: the judge of tests of passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from treadle.backends.numpy_ref import Interpreter
from treadle.ir import Builder, Graph, Node
from treadle.ir.verify import verify
from treadle.types import DType, TensorType


def tensor(*shape: int, dtype: DType = DType.F64) -> TensorType:
    return TensorType(dtype, shape)


def graph_of(make: Callable[..., Node], *types: TensorType) -> Graph:
    """A graph with inputs a, b, c ... of these types and the output `make(g, a, b, ...)`, called `y`."""
    graph = Graph("test")
    g = Builder(graph)
    inputs = [g.input("abcdefgh"[number], type_) for number, type_ in enumerate(types)]
    graph.outputs["y"] = make(g, *inputs)
    return graph


def sample_values(graph: Graph, seed: int = 0) -> dict[str, Any]:
    """Random values for everything that enters; integers are valid indices of axes of size 3 and more."""
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for name, node in (*graph.inputs.items(), *graph.leaves().items()):
        shape, dtype = node.type.static_shape(), node.type.dtype
        if dtype is DType.BOOL:
            values[name] = random.random(shape) < 0.5
        elif dtype.is_int:
            values[name] = random.integers(0, 3, shape).astype(dtype.numpy_name)
        else:
            values[name] = random.normal(size=shape).astype(dtype.numpy_name)
    return values


def results(graph: Graph, values: dict[str, Any]) -> list[Any]:
    """Outputs and updates."""
    return Interpreter(graph.roots())(values)


def assert_same_meaning(before: Graph, after: Graph, seed: int = 0, rtol: float = 1e-9) -> None:
    """Both graphs give the same results for the same random values; the second one is well formed."""
    verify(after)
    assert list(before.outputs) == list(after.outputs)
    assert list(before.updates) == list(after.updates)
    values = sample_values(before, seed)
    for one, other in zip(results(before, values), results(after, values), strict=True):
        np.testing.assert_allclose(other, one, rtol=rtol, atol=rtol)


def ops(graph: Graph) -> list[str]:
    """Names of the ops of a graph in order, without inputs."""
    return [node.op for node in graph if node.op != "input"]


def becomes(
    run: Callable[[Graph], Graph], make: Callable[..., Node], types: tuple[Any, ...], *expected: str
) -> Graph:
    """Asserts that a pass leaves exactly these ops and the meaning; returns the new graph."""
    before = graph_of(make, *types)
    after = run(before)
    assert ops(after) == list(expected)
    if not before.symbols():
        assert_same_meaning(before, after)
    return after
