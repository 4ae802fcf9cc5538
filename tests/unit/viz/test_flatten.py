"""Flattening: what is drawn of a graph, and in which words."""

from __future__ import annotations

from support.nets import N, f32, lenet, recurrent
from treadle.ir import Builder, Graph
from treadle.viz.flatten import flatten, scope_path
from treadle.viz.scene import LOOP_MARK, Kind


def elements_of(graph):
    return {element.key: element for element in flatten(graph, graph.outputs, {})}


def test_every_wire_starts_at_an_element():
    for graph in (lenet(), recurrent()):
        elements = elements_of(graph)
        assert {wire.source for e in elements.values() for wire in e.wires} <= set(elements)


def test_constants_are_written_into_the_label_of_their_user():
    graph = Graph()
    g = Builder(graph)
    graph.outputs["output:y"] = g.mul(g.input("x", f32(N)), 0.25)
    labels = [element.label for element in elements_of(graph).values()]
    assert labels == ["x\n[N]", "mul 0.25", "output y"]


def test_a_size_may_be_a_constant():
    graph = Graph()
    g = Builder(graph)
    graph.outputs["output:y"] = g.div(g.input("x", f32(N)), g.const(value=2 * N))
    assert "div 2*N" in {element.label for element in elements_of(graph).values()}


def test_a_constant_result_is_drawn():
    graph = Graph()
    graph.outputs["output:y"] = Builder(graph).constant(3.0)
    assert [element.label for element in elements_of(graph).values()] == ["3", "output y"]


def test_parameters_tell_their_type_and_count():
    labels = {element.label for element in elements_of(lenet()).values() if element.kind is Kind.PARAM}
    assert "W [400, 120]: 48\u202f000" in labels
    assert "b [10]: 10" in labels


def test_reductions_name_symbolic_axes():
    graph = Graph()
    g = Builder(graph)
    x = g.input("x", f32(N, 3))
    graph.outputs["output:a"] = g.sum(x, axes=(0,))
    graph.outputs["output:b"] = g.sum(x, axes=(1,))
    labels = {element.label for element in elements_of(graph).values()}
    assert {"sum over N", "sum over axis 1"} <= labels


def test_a_loop_becomes_a_frame_with_its_carry_fed_back():
    elements = list(elements_of(recurrent()).values())
    carry = next(element for element in elements if element.kind is Kind.CARRY)
    tanh = next(element for element in elements if element.label == "tanh")
    assert carry.path[0] == "rnn"
    assert carry.path[1].startswith(f"scan, 5 steps{LOOP_MARK}")
    assert [(wire.source, wire.feedback) for wire in carry.wires] == [(tanh.key, True)]
    assert tanh.path == carry.path


def test_what_a_loop_reads_unchanged_comes_straight_from_outside():
    elements = list(elements_of(recurrent()).values())
    weight = next(element for element in elements if element.kind is Kind.PARAM)
    product = next(element for element in elements if element.kind is Kind.LINEAR)
    assert weight.key in {wire.source for wire in product.wires}


def test_results_of_a_loop_have_the_type_they_have_outside():
    end = elements_of(recurrent())["end:output:states"]
    assert end.wires[0].label == "[5, N, 4]"


def test_scope_path_drops_the_layers_around_a_loop():
    assert scope_path("a.b[2].c") == ("a", "b[2]", "c")
    assert scope_path("a.b", ("a", f"scan{LOOP_MARK}n1")) == ("b",)
    assert scope_path("") == ()
