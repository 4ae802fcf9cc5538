"""Every pass, and all together, keep the meaning of random graphs; text forms of random graphs read back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from support.meaning import assert_same_meaning, sample_values
from support.random_graphs import graphs, is_tame
from treadle.ir import Builder, Graph
from treadle.ir.text_parse import parse_graph
from treadle.ir.text_print import print_graph
from treadle.passes import algebra, order

PASSES = {step.name: step.run for step in (*order.PREPARE, *order.ORDER)}


def tame(graph: Graph) -> Graph:
    assume(is_tame(graph, sample_values(graph)))
    return graph


@pytest.mark.parametrize("name", PASSES)
@given(graph=graphs())
@settings(max_examples=60)
def test_a_pass_keeps_the_meaning(name, graph):
    assert_same_meaning(tame(graph), PASSES[name](graph), rtol=1e-6)


@given(graph=graphs(steps=25))
@settings(max_examples=100)
def test_all_passes_keep_the_meaning(graph):
    after = order.optimise(order.prepare(tame(graph), verify=True), verify=True)
    assert_same_meaning(graph, after, rtol=1e-6)


@given(graph=graphs())
@settings(max_examples=40)
def test_unsafe_algebra_keeps_the_meaning_of_finite_numbers(graph):
    assert_same_meaning(tame(graph), algebra.run(graph, unsafe=True), rtol=1e-6)


@given(graph=graphs(), body=graphs(steps=8))
@settings(max_examples=60)
def test_passes_keep_the_meaning_of_loops(graph, body):
    """The random body reads a sequence, a constant and a carry, and yields all its outputs."""
    assume(is_tame(body, sample_values(body)))
    looped = loop_over(graph, body)
    assume(is_tame(looped, sample_values(looped)))
    assert_same_meaning(looped, order.optimise(looped, verify=True), rtol=1e-6)


@given(graph=graphs())
@settings(max_examples=60)
def test_text_reads_back(graph):
    text = print_graph(graph)
    assert print_graph(parse_graph(text)) == text


def loop_over(graph: Graph, body: Graph) -> Graph:
    """`graph` with a scan of `body` over its input x: x_t is y, the state W is a carry, x is a constant."""
    inside = Graph("body")
    inner = Builder(inside)
    carry = inner.input("c0", body.params["W"].type)
    element = inner.input("s0", body.inputs["y"].type)
    constant = inner.input("k0", body.inputs["x"].type)
    known = {
        body.params["W"].id: inner.tanh(carry),
        body.inputs["y"].id: element,
        body.inputs["x"].id: constant,
    }
    for node in body:
        if node.id not in known:
            known[node.id] = inner.apply(node.op, *(known[x.id] for x in node.inputs), **node.attrs)
    inside.outputs["c0"] = inner.tanh(known[body.updates["W"].id])
    for name, node in body.outputs.items():
        inside.outputs[name] = known[node.id]
    g = Builder(graph)
    x = graph.inputs["x"]
    scan = g.scan(graph.params["W"], x, x, body=inside, carries=1, sequences=1, length=2)
    for index in range(len(inside.outputs)):
        graph.outputs[f"loop{index}"] = g.item(scan, index=index)
    return graph
