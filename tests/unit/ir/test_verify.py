"""Each invariant of a graph, once broken by hand, is found and the node is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.nets import lenet, recurrent
from treadle.errors import TreadleError
from treadle.ir import Builder, Graph
from treadle.ir.verify import verify
from treadle.types import DType, TensorType

SCALAR = TensorType(DType.F32, ())


@pytest.fixture
def graph() -> Graph:
    graph = Graph("g")
    g = Builder(graph)
    weight = g.param("W", TensorType(DType.F32, (3,)))
    graph.outputs["y"] = g.exp(g.input("x", SCALAR))
    graph.updates["W"] = g.neg(weight)
    return graph


def refuses(graph: Graph, *words: str) -> None:
    with pytest.raises(TreadleError) as caught:
        verify(graph, after="cse")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E1102"
    for word in ("after cse", *words):
        assert word in diagnostic.message


@pytest.mark.parametrize("make", [lenet, recurrent])
def test_built_graphs_are_well_formed(make):
    verify(make())


def test_wrong_type(graph):
    graph.add("exp", (graph.inputs["x"],), {}, TensorType(DType.F64, ()), None, "")
    refuses(graph, "%4 = exp(%1) : f64[]", "should be f32[]")


def test_unknown_op(graph):
    graph.add("expo", (graph.inputs["x"],), {}, SCALAR, None, "")
    refuses(graph, "%4 = expo(%1)", "no registered op")


def test_wrong_attributes(graph):
    graph.add("exp", (graph.inputs["x"],), {"axis": 0}, SCALAR, None, "")
    refuses(graph, "attributes ['axis']")


def test_broken_type_rule(graph):
    pair = graph.params["W"]
    graph.add("matmul", (pair, pair), {}, SCALAR, None, "")
    refuses(graph, "breaks its own type rule")


def test_operand_of_another_graph(graph):
    other = Builder(Graph("other")).input("z", SCALAR)
    graph.add("exp", (other,), {}, SCALAR, None, "")
    refuses(graph, "operand %0", "same graph")


def test_edges_that_differ_from_operands(graph):
    graph.nx.add_edge(0, 2, key=5)
    refuses(graph, "%2", "edges")


def test_unlisted_leaf(graph):
    del graph.params["W"]
    refuses(graph, "%0 = param", "not listed among the params")


def test_end_of_another_graph(graph):
    graph.outputs["z"] = Builder(Graph("other")).input("z", SCALAR)
    refuses(graph, "outputs 'z'")


def test_update_without_leaf(graph):
    graph.updates["V"] = graph.outputs["y"]
    refuses(graph, "update 'V' has no param or state")


def test_update_of_another_type(graph):
    graph.updates["W"] = graph.outputs["y"]
    refuses(graph, "update 'W' is f32[], but the leaf is f32[3]")


def test_operand_with_several_results():
    graph = recurrent()
    loop = next(node for node in graph if node.op == "scan")
    graph.add("exp", (loop,), {}, SCALAR, None, "")
    refuses(graph, "has several results")


def test_body_with_params():
    graph = recurrent()
    body = next(node for node in graph if node.op == "scan").attrs["body"]
    Builder(body).param("W", SCALAR)
    refuses(graph, "params, states or updates of its own")


def test_body_that_is_malformed():
    graph = recurrent()
    body = next(node for node in graph if node.op == "scan").attrs["body"]
    body.add("expo", (), {}, SCALAR, None, "")
    refuses(graph, "body of %", "no registered op")


def test_position(graph):
    graph._nodes[3] = replace(graph[3], id=7)
    refuses(graph, "stands at position 3")
