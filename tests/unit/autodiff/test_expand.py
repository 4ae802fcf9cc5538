"""Expansion of `grad` nodes: one sweep for each y, nested gradients, missing rules, places."""

from __future__ import annotations

import numpy as np
import pytest

from treadle.autodiff import expand
from treadle.autodiff.check import gradcheck
from treadle.autodiff.reverse import fit
from treadle.backends.numpy_ref import evaluate
from treadle.errors import TreadleError
from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY, OpDef
from treadle.ops.rules import elementwise
from treadle.source import Source
from treadle.types import DType, TensorType, symbol

F64 = DType.F64


def perceptron() -> tuple[Builder, Node]:
    """x [4, 3] through a hidden layer to a mean square."""
    g = Builder(Graph("net"))
    x = g.input("x", TensorType(F64, (4, 3)))
    w, b = g.param("w", TensorType(F64, (3, 5))), g.param("b", TensorType(F64, (5,)))
    v = g.param("v", TensorType(F64, (5, 1)))
    with g.at(None, "hidden"):
        hidden = g.tanh(g.add(g.matmul(x, w), b))
    with g.at(None, "head"):
        y = g.matmul(hidden, v)
    loss = g.mean(g.mul(y, y), axes=(0, 1))
    g.graph.outputs["loss"] = loss
    return g, loss


def values(graph: Graph) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    entering = {**graph.inputs, **graph.leaves()}
    return {name: rng.standard_normal(node.type.static_shape()) for name, node in entering.items()}


def test_network_gradients_are_slopes():
    g, _ = perceptron()
    reports = gradcheck(g.graph, values(g.graph), evaluate)
    assert [report.name for report in reports] == ["w", "b", "v"]
    assert all(report.agrees(1e-7) for report in reports)
    assert [report.checked for report in reports] == [15, 5, 5]


@pytest.fixture
def wrong_op():
    """y = x^2 with half its derivative."""
    op = OpDef(
        "wrong",
        ("x",),
        elementwise("wrong", "float"),
        "y = x^2",
        reference=np.square,
        vjp=lambda g, node, grad: [g.mul(grad, node.inputs[0])],
    )
    yield REGISTRY.add(op)
    del REGISTRY._ops["wrong"]


def test_gradcheck_finds_a_wrong_rule(wrong_op: OpDef):
    """It names the parameter that is wrong, and not the others."""
    g, loss = perceptron()
    squares = g.apply(wrong_op.name, g.graph.params["w"])
    g.graph.outputs["loss"] = g.add(loss, g.sum(squares, axes=(0, 1)))
    by_name = {report.name: report for report in gradcheck(g.graph, values(g.graph), evaluate)}
    assert not by_name["w"].agrees()
    assert by_name["w"].max_rel_error > 0.1
    assert by_name["v"].agrees()


def test_gradcheck_holds_stopped_values():
    """A slope knows nothing of `stop_grad`, so its value is fixed while the parameters move."""
    g, loss = perceptron()
    w = g.graph.params["w"]
    stopped = g.stop_grad(g.mul(g.grad(loss, w), w))
    g.graph.outputs["loss"] = g.add(loss, g.sum(g.mul(g.stop_grad(g.exp(stopped)), w), axes=(0, 1)))
    assert all(report.agrees(1e-6) for report in gradcheck(g.graph, values(g.graph), evaluate))


def test_all_gradients_of_one_number_come_from_one_sweep():
    """Asking for a second parameter costs only that parameter's product."""
    sizes = []
    for names in (["w"], ["w", "b", "v"]):
        g, loss = perceptron()
        for name in names:
            g.graph.outputs[name] = g.grad(loss, g.graph.params[name])
        sizes.append(len(expand.run(g.graph)))
    assert sizes[1] - sizes[0] <= 5


def test_gradients_of_a_gradient():
    """A gradient penalty: the derivative goes through the inner gradient."""
    g, loss = perceptron()
    dx = g.grad(loss, g.graph.inputs["x"])
    penalty = g.sum(g.pow(g.sub(g.sqrt(g.sum(g.mul(dx, dx), axes=(1,))), 1.0), 2.0), axes=(0,))
    g.graph.outputs["loss"] = g.add(loss, penalty)
    reports = gradcheck(g.graph, values(g.graph), evaluate)
    assert all(report.agrees(1e-6) for report in reports)


def test_gradient_in_what_came_later_is_zero():
    """x is no ancestor of y."""
    g, loss = perceptron()
    later = g.mul(g.graph.params["b"], 2.0)
    g.graph.outputs["z"] = g.grad(loss, later)
    result = evaluate(expand.run(g.graph), values(g.graph))["z"]
    np.testing.assert_array_equal(result, np.zeros(5))


def test_gradient_in_itself_is_one():
    g, loss = perceptron()
    g.graph.outputs["one"] = g.grad(loss, loss)
    assert evaluate(expand.run(g.graph), values(g.graph))["one"] == 1.0


def test_graph_without_gradients_is_left_alone():
    g, _ = perceptron()
    assert expand.run(g.graph) is g.graph


def test_updates_are_expanded():
    """A step of gradient descent lowers the loss."""
    g, loss = perceptron()
    for name, param in g.graph.params.items():
        g.graph.updates[name] = g.sub(param, g.mul(g.grad(loss, param), 0.01))
    expanded = expand.run(g.graph)
    before = values(expanded)
    after = {**before}
    probe = Graph()
    probe.outputs = dict(expanded.updates)
    after |= evaluate(probe, before)
    assert evaluate(expanded, after)["loss"] < evaluate(expanded, before)["loss"]


def test_gradient_nodes_live_where_their_forward_nodes_do():
    g, loss = perceptron()
    g.graph.outputs["dw"] = g.grad(loss, g.graph.params["w"])
    backward = {node.scope for node in expand.run(g.graph) if node.op == "transpose"}
    assert backward == {"hidden", "head"}


def test_missing_rule_names_the_op_and_the_file():
    """An op without `vjp` that is not marked as flat."""
    op = OpDef("mystery", ("x",), elementwise("mystery", "float"), "y = x", reference=np.copy, scalar=_same)
    REGISTRY.add(op)
    try:
        g = Builder(Graph())
        x = g.input("x", TensorType(F64, ()))
        with g.at(Source("net.tdl", "mystery(x)").span(0, 7)):
            y = g.mystery(x)
        g.graph.outputs["dx"] = g.grad(y, x)
        with pytest.raises(
            TreadleError, match=r"`mystery` has no derivative rule.*ops/rules\.py(.|\n)*net.tdl:1:1"
        ):
            expand.run(g.graph)
    finally:
        del REGISTRY._ops["mystery"]


def _same(_s, x):
    return x


def test_composites_without_a_rule_are_decomposed():
    """A composite op needs no derivative of its own."""
    op = OpDef("cube", ("x",), elementwise("cube", "float"), "y = x^3", decompose=_cube)
    REGISTRY.add(op)
    try:
        g = Builder(Graph())
        x = g.input("x", TensorType(F64, ()))
        g.graph.outputs["dx"] = g.grad(g.cube(x), x)
        assert evaluate(expand.run(g.graph), {"x": 2.0})["dx"] == 12.0
    finally:
        del REGISTRY._ops["cube"]


def _cube(g, x):
    return g.mul(x, g.mul(x, x))


N = symbol("N")
FITS = [
    ((N, 5), (5,), 1),
    ((N, 5), (1, 5), 1),
    ((N, 3, 5), (1, 5), 2),
    ((N, 5), (N, 5), 0),
    ((), (N, 5), 1),
    ((2, N, 3), (1,), 2),
    ((1, 5), (5,), 1),
]


@pytest.mark.parametrize(("shape", "target", "nodes"), FITS)
def test_fit_undoes_broadcasting(shape, target, nodes):
    """In few nodes: one sum, and a reshape where axes of size 1 must come back."""
    g = Builder(Graph())
    grad = g.input("g", TensorType(F64, shape))
    fitted = fit(g, grad, TensorType(F64, target))
    assert fitted.type.shape == target
    assert len(g.graph) - 1 <= max(nodes, 2)


def test_fit_adds_up():
    g = Builder(Graph())
    grad = g.input("g", TensorType(F64, (2, 3, 4)))
    g.graph.outputs["y"] = fit(g, grad, TensorType(F64, (3, 1)))
    array = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(evaluate(g.graph, {"g": array})["y"], array.sum((0, 2)).reshape(3, 1))
