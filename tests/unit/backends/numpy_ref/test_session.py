"""The reference backend: leaves, inputs, atomic updates, loops, memory."""

from __future__ import annotations

import numpy as np
import pytest

from treadle.backends.numpy_ref import NumpyBackend, evaluate
from treadle.ir import Builder, Graph
from treadle.types import DType, TensorType

F32 = DType.F32
PAIR = TensorType(F32, (2,))


def swap_graph() -> Graph:
    """Two states that take each other's value, plus an input."""
    g = Builder(Graph("swap"))
    a, b, x = g.state("a", PAIR), g.param("b", PAIR), g.input("x", PAIR)
    g.graph.outputs["sum"] = g.add(a, g.add(b, x))
    g.graph.updates = {"a": b, "b": g.add(a, x)}
    return g.graph


def test_updates_read_old_values():
    session = NumpyBackend().compile({"swap": swap_graph()})
    session.write("a", np.array([1, 2]))
    session.write("b", np.array([10, 20]))
    outputs = session.run("swap", {"x": np.array([100, 100])})
    np.testing.assert_array_equal(outputs["sum"], [111, 122])
    np.testing.assert_array_equal(session.read("a"), [10, 20])
    np.testing.assert_array_equal(session.read("b"), [101, 102])


def test_leaves_start_as_zeros_and_are_copied():
    session = NumpyBackend().compile({"swap": swap_graph()})
    value = np.ones(2, np.float32)
    session.write("a", value)
    value[0] = 7
    read = session.read("a")
    read[1] = 9
    np.testing.assert_array_equal(session.read("a"), [1, 1])
    np.testing.assert_array_equal(session.read("b"), [0, 0])


def test_programs_share_leaves():
    g = Builder(Graph("probe"))
    g.graph.outputs["double"] = g.mul(g.param("b", PAIR), 2.0)
    session = NumpyBackend().compile({"swap": swap_graph(), "probe": g.graph})
    session.run("swap", {"x": np.array([1, 2])})
    np.testing.assert_array_equal(session.run("probe", {})["double"], [2, 4])


def test_programs_must_agree_on_leaves():
    g = Builder(Graph("other"))
    g.param("b", TensorType(F32, (3,)))
    with pytest.raises(ValueError, match=r"b is f32\[2\] in one program and f32\[3\] in another"):
        NumpyBackend().compile({"swap": swap_graph(), "other": g.graph})


def test_wrong_values_are_refused():
    session = NumpyBackend().compile({"swap": swap_graph()})
    with pytest.raises(ValueError, match=r"a has the shape \(3,\), f32\[2\] is needed"):
        session.write("a", np.zeros(3))
    with pytest.raises(ValueError, match="x has the shape"):
        session.run("swap", {"x": np.zeros((1, 2))})
    with pytest.raises(KeyError, match="x"):
        session.run("swap", {})
    with pytest.raises(KeyError, match="nothing"):
        session.write("nothing", np.zeros(2))


def test_failed_run_changes_nothing():
    session = NumpyBackend().compile({"swap": swap_graph()})
    session.write("a", np.ones(2))
    with pytest.raises(ValueError, match="shape"):
        session.run("swap", {"x": np.zeros(5)})
    np.testing.assert_array_equal(session.read("a"), [1, 1])


def test_memory_counts_bytes_by_kind():
    memory = NumpyBackend().compile({"swap": swap_graph()}).memory
    assert (memory.parameters, memory.states, memory.inputs) == (8, 8, 8)
    assert memory.activations == 3 * 8
    assert memory.total == 48


def running_sums(reverse: bool) -> Graph:
    """Carry and yield the sum so far; the second yield is the position."""
    body = Graph("sums")
    g = Builder(body)
    scalar = TensorType(DType.F64, ())
    c, s = g.input("c0", scalar), g.input("s0", scalar)
    index = g.input("index", TensorType(DType.I64, ()))
    total = g.add(c, s)
    body.outputs = {"c": total, "y": total, "i": index}
    g = Builder(Graph("outer"))
    x, start = g.input("x", TensorType(DType.F64, (4,))), g.input("start", scalar)
    loop = g.scan(start, x, body=body, carries=1, sequences=1, length=4, reverse=reverse)
    g.graph.outputs = {name: g.item(loop, index=i) for i, name in enumerate(["last", "sums", "positions"])}
    return g.graph


@pytest.mark.parametrize(("reverse", "sums"), [(False, [11, 13, 16, 20]), (True, [20, 19, 17, 14])])
def test_loops_run_in_both_directions(reverse: bool, sums: list[int]):
    """Yields are stacked at their own positions."""
    results = evaluate(running_sums(reverse), {"x": np.array([1.0, 2, 3, 4]), "start": 10.0})
    np.testing.assert_array_equal(results["sums"], sums)
    np.testing.assert_array_equal(results["positions"], [0, 1, 2, 3])
    assert results["last"] == 20


def test_gradients_must_be_expanded_first():
    g = Builder(Graph())
    x = g.input("x", TensorType(F32, ()))
    g.graph.outputs["dx"] = g.grad(g.sin(x), x)
    with pytest.raises(ValueError, match="expand gradients first"):
        evaluate(g.graph, {"x": 1.0})


def test_no_warnings_from_infinite_values():
    """Division by zero is a value here; training stops on it elsewhere."""
    g = Builder(Graph())
    x = g.input("x", TensorType(F32, (2,)))
    g.graph.outputs["y"] = g.div(g.log(x), x)
    np.testing.assert_array_equal(evaluate(g.graph, {"x": np.zeros(2)})["y"], [-np.inf, -np.inf])
