"""Derivatives of loops: against differences, in both directions, truncated, nested, of second order."""

from __future__ import annotations

import numpy as np
import pytest

from support.loops import lstm_graph, tensor
from treadle.autodiff import expand
from treadle.autodiff.check import gradcheck
from treadle.backends.numpy_ref import evaluate
from treadle.ir import Builder, Graph, bind
from treadle.types import DType, symbol


def values_for(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    entering = {**graph.inputs, **graph.leaves()}
    return {name: 0.7 * rng.standard_normal(node.type.static_shape()) for name, node in entering.items()}


def assert_checks(graph: Graph, names: list[str], tolerance: float = 1e-6) -> None:
    reports = gradcheck(graph, values_for(graph), evaluate, names=names, samples=6)
    assert [report for report in reports if not report.agrees(tolerance)] == []


def with_gradients(graph: Graph, names: list[str]) -> Graph:
    g = Builder(graph)
    entering = {**graph.inputs, **graph.leaves()}
    for name in names:
        graph.outputs[f"d{name}"] = g.grad(graph.outputs["loss"], entering[name])
    return expand.run(graph)


def scans(graph: Graph) -> list:
    return [node for node in graph if node.op == "scan"]


def ops_in(graph: Graph) -> list[str]:
    return [node.op for node in graph]


@pytest.mark.parametrize("reverse", [False, True])
def test_lstm_gradients_are_slopes(reverse: bool):
    """Carries, sequences and constants, in both directions."""
    assert_checks(lstm_graph(reverse=reverse), ["U", "W", "b", "h", "c", "x"])


def test_forward_and_backward_are_one_scan_each():
    """The scan with further yields replaces the one without; no product is computed twice."""
    graph = with_gradients(lstm_graph(), ["U", "W", "b"])
    forward, backward = scans(graph)
    assert not forward.attrs["reverse"]
    assert backward.attrs["reverse"]
    assert ops_in(forward.attrs["body"]).count("matmul") == 2
    assert ops_in(backward.attrs["body"]).count("matmul") == 3  # gradients of U, W and h
    assert "tanh" not in ops_in(backward.attrs["body"])
    assert "sigmoid" not in ops_in(backward.attrs["body"])


def test_gradients_of_two_numbers_share_the_forward_scan():
    """Each asks for other values to be saved; the forward loop still runs once."""
    graph = lstm_graph()
    g = Builder(graph)
    other = g.mul(graph.outputs["loss"], graph.outputs["loss"])
    graph.outputs["a"] = g.grad(graph.outputs["loss"], graph.params["U"])
    graph.outputs["b"] = g.grad(other, graph.params["b"])
    expanded = expand.run(graph)
    assert [node.attrs["reverse"] for node in scans(expanded)].count(False) == 1


def test_only_what_is_asked_for_is_differentiated():
    """The gradient of the input sequence is not computed when nobody asks for it."""
    graph = with_gradients(lstm_graph(), ["b"])
    backward = scans(graph)[1]
    assert len(backward.result) == 3  # h, c and the sum for b
    assert ops_in(backward.attrs["body"]).count("matmul") == 1


@pytest.mark.parametrize("reverse", [False, True])
def test_truncation_cuts_between_parts(reverse: bool):
    """The gradient of 6 steps cut every 2 is the sum over three loops of 2 steps with stopped carries."""
    values = values_for(lstm_graph(6))
    found = evaluate(with_gradients(lstm_graph(6, truncate=2, reverse=reverse), ["U", "h"]), values)
    parts = range(0, 6, 2)
    total = {"U": 0.0}
    state = {"h": values["h"], "c": values["c"]}
    for part in reversed(parts) if reverse else parts:
        piece = {**values, **state, "x": values["x"][part : part + 2]}
        is_last = part == (0 if reverse else 4)
        graph = part_graph(reverse, is_last)
        results = evaluate(graph, piece)
        total["U"] = total["U"] + results["dU"]
        if np.array_equal(state["h"], values["h"]):
            np.testing.assert_allclose(found["dh"], results["dh"], rtol=1e-9)
        state = {"h": results["h_end"], "c": results["c_end"]}
    np.testing.assert_allclose(found["dU"], total["U"], rtol=1e-9)


def test_gradcheck_looks_past_truncation():
    """A truncated gradient is no slope; the check is of the rules."""
    assert_checks(lstm_graph(4, truncate=2), ["W", "h"])


def part_graph(reverse: bool, is_last: bool) -> Graph:
    """Two steps of the six of the network above, with its share of the loss."""
    graph = lstm_graph(2, reverse=reverse)
    g = Builder(graph)
    loop = scans(graph)[0]
    y = g.item(loop, index=2)
    loss = g.div(g.sum(g.mul(y, y), axes=(0, 1, 2)), 36.0)
    if is_last:
        loss = g.add(loss, g.mean(g.sin(g.item(loop, index=1)), axes=(0, 1)))
    graph.outputs = {"loss": loss, "h_end": g.item(loop, index=0), "c_end": g.item(loop, index=1)}
    return with_gradients(graph, ["U", "h"])


def test_second_order_through_a_loop():
    """The derivative of the squared gradient, against differences of it."""
    graph = lstm_graph(3)
    g = Builder(graph)
    dx = g.grad(graph.outputs["loss"], graph.inputs["x"])
    graph.outputs["loss"] = g.sum(g.mul(dx, dx), axes=(0, 1, 2))
    assert_checks(graph, ["U", "W", "b", "h", "x"], 1e-5)


def test_third_order_through_a_loop():
    """Derivatives of loops are loops, to any order."""
    graph = Graph("cubic")
    g = Builder(graph)
    x, start = g.input("x", tensor(3)), g.param("w", tensor())
    loop = g.scan(start, x, body=product_body(), carries=1, sequences=1, length=3)
    value = g.item(loop, index=0)
    for _ in range(2):
        value = g.grad(value, graph.params["w"])
    graph.outputs["loss"] = g.mul(value, value)
    assert_checks(graph, ["w"], 1e-5)


def product_body() -> Graph:
    body = Graph("product")
    g = Builder(body)
    c, s = g.input("c0", tensor()), g.input("s0", tensor())
    body.outputs = {"c": g.add(g.mul(g.mul(c, c), s), g.sin(c)), "y": c}
    return body


def test_gradient_inside_a_body():
    """A loop of gradient descent: the inner grad is expanded in the body, the outer goes through it."""
    body = Graph("descent")
    g = Builder(body)
    w, target, scale = g.input("c0", tensor(2)), g.input("s0", tensor(2)), g.input("k0", tensor(2))
    difference = g.sub(g.tanh(g.mul(w, scale)), target)
    energy = g.sum(g.mul(difference, difference), axes=(0,))
    body.outputs = {"w": g.sub(w, g.mul(g.grad(energy, w), 0.3)), "e": energy}
    graph = Graph("outer")
    g = Builder(graph)
    w0, k, s = g.param("w0", tensor(2)), g.param("k", tensor(2)), g.input("s", tensor(4, 2))
    loop = g.scan(w0, s, k, body=body, carries=1, sequences=1, length=4)
    graph.outputs["loss"] = g.sum(g.item(loop, index=1), axes=(0,))
    assert_checks(graph, ["w0", "k", "s"])


def test_loop_within_a_loop():
    """The inner loop is saved for, not run again: each direction has one outer and one inner loop."""
    assert_checks(nested_graph(), ["w", "k", "s"])
    expanded = with_gradients(nested_graph(), ["w", "k"])
    assert len(scans(expanded)) == 2
    assert [len(scans(scan.attrs["body"])) for scan in scans(expanded)] == [1, 1]


def nested_graph() -> Graph:
    body = Graph("rows")
    g = Builder(body)
    c, row, k = g.input("c0", tensor()), g.input("s0", tensor(3)), g.input("k0", tensor())
    inner = g.scan(g.mul(c, k), row, body=product_body(), carries=1, sequences=1, length=3)
    body.outputs = {"c": g.tanh(g.item(inner, index=0)), "y": g.sum(g.item(inner, index=1), axes=(0,))}
    graph = Graph("nested")
    g = Builder(graph)
    w, k, s = g.param("w", tensor()), g.param("k", tensor()), g.input("s", tensor(2, 3))
    loop = g.scan(w, s, k, body=body, carries=1, sequences=1, length=2)
    graph.outputs["loss"] = g.add(g.item(loop, index=0), g.sum(g.item(loop, index=1), axes=(0,)))
    return graph


def test_index_integers_and_unchanging_values():
    """A counter as a carry, the position, and a product of constants that is not saved at every step."""
    body = Graph("mixed")
    g = Builder(body)
    c, count = g.input("c0", tensor(2)), g.input("c1", tensor(dtype=DType.I64))
    a, b = g.input("k0", tensor(2, 2)), g.input("k1", tensor(2, 2))
    index = g.input("index", tensor(dtype=DType.I64))
    both = g.matmul(a, b)
    weight = g.cast(g.add(index, count), dtype=DType.F64)
    row = g.reshape(g.matmul(g.reshape(g.sin(c), shape=(1, 2)), both), shape=(2,))
    body.outputs = {"c": g.mul(row, weight), "n": g.add(count, 1), "y": g.mul(row, row)}
    graph = Graph("outer")
    g = Builder(graph)
    start, a, b = g.param("c", tensor(2)), g.param("a", tensor(2, 2)), g.param("b", tensor(2, 2))
    zero = g.constant(1, DType.I64)
    loop = g.scan(start, zero, a, b, body=body, carries=2, sequences=0, length=3)
    graph.outputs["loss"] = g.sum(g.item(loop, index=2), axes=(0, 1))
    assert_checks(graph, ["c", "a", "b"])


def test_symbolic_sizes_stay_symbolic():
    """Expansion needs no sizes; binding them later gives the same numbers as before."""
    steps, n = symbol("T"), symbol("N")
    symbolic = with_gradients(lstm_graph(steps, n), ["W", "b"])
    static = with_gradients(lstm_graph(4, 2), ["W", "b"])
    bound = bind(symbolic, {"T": 4, "N": 2})
    values = values_for(static)
    expected, found = evaluate(static, values), evaluate(bound, values)
    np.testing.assert_allclose(found["dW"], expected["dW"])
    np.testing.assert_allclose(found["db"], expected["db"])


def test_places_are_kept():
    """Gradient nodes in the body carry the layer path of the forward node that they belong to."""
    body = Graph("step")
    g = Builder(body)
    c, k = g.input("c0", tensor()), g.input("k0", tensor())
    with g.at(None, "cell"):
        body.outputs["c"] = g.tanh(g.mul(c, k))
    graph = Graph("outer")
    g = Builder(graph)
    loop = g.scan(g.param("c", tensor()), g.param("k", tensor()), body=body, carries=1, sequences=0, length=3)
    graph.outputs["loss"] = g.item(loop, index=0)
    backward = scans(with_gradients(graph, ["k"]))[1]
    assert {node.scope for node in backward.attrs["body"] if node.op == "mul"} == {"cell"}
