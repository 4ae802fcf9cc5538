"""The text form says all that a graph is: reading it back and printing again gives the same text."""

from __future__ import annotations

import math

import pytest

from support.nets import lenet, recurrent
from treadle.ir import Builder, Graph
from treadle.ir.text_parse import GraphTextError, parse_graph
from treadle.ir.text_print import print_graph, print_value
from treadle.ir.text_values import LineReader
from treadle.ir.verify import verify
from treadle.source import Source
from treadle.types import DType, TensorType, symbol

N, H = symbol("N"), symbol("H")


def small_graph() -> Graph:
    source = Source("net.tdl", "model Net {\n  y = x @ W\n}\n")
    graph = Graph("net")
    g = Builder(graph)
    x = g.input("x", TensorType(DType.F32, (N, 4)))
    with g.at(source.span(14, 23), "dense"):
        weight = g.param("dense.W", TensorType(DType.F32, (4, 3)))
        y = g.matmul(x, weight)
    graph.outputs["output:y"] = y
    graph.updates["dense.W"] = g.mul(weight, 0.5)
    return graph


def test_one_line_a_node_then_the_ends():
    assert print_graph(small_graph()) == (
        'graph "net" {\n'
        '  %0 = input(name="x") : f32[N, 4]\n'
        '  %1 = param(name="dense.W") : f32[4, 3]  # dense @ net.tdl:2\n'
        "  %2 = matmul(%0, %1) : f32[N, 3]  # dense @ net.tdl:2\n"
        "  %3 = const(value=0.5) : f32[]\n"
        "  %4 = mul(%1, %3) : f32[4, 3]\n"
        "  inputs %0\n"
        '  output "output:y" = %2\n'
        '  update "dense.W" = %4\n'
        "}\n"
    )


@pytest.mark.parametrize("make", [small_graph, lenet, recurrent])
def test_reading_back_prints_the_same(make):
    text = print_graph(make())
    graph = parse_graph(text)
    verify(graph)
    assert print_graph(graph) == text
    assert graph.symbols() == make().symbols()


def test_scopes_and_lines_come_back():
    node = parse_graph(print_graph(small_graph()))[2]
    assert (node.scope, str(node.span.source.name), node.span.line) == ("dense", "net.tdl", 2)


def test_order_of_inputs_is_kept():
    graph = small_graph()
    Builder(graph).input("first", TensorType(DType.F32, ()))
    graph.inputs = {"first": graph.inputs["first"], "x": graph.inputs["x"]}
    assert list(parse_graph(print_graph(graph)).inputs) == ["first", "x"]


@pytest.mark.parametrize(
    "value",
    [
        0,
        -3,
        1.5,
        1e-08,
        -0.0,
        math.inf,
        -math.inf,
        True,
        None,
        'a "name"',
        DType.BF16,
        (),
        (1,),
        (1, (2.0, "x")),
        2 * N + 1,
        (N - H) * H,
        (N + 3) // 2 * 4,
        (-1 * N) % 3,
        ((H + 1) // 2, N),
    ],
    ids=str,
)
def test_values_come_back(value):
    back = LineReader(print_value(value), 1).value()
    assert (type(back), repr(back)) == (type(value), repr(value))


def test_nan_comes_back():
    assert math.isnan(LineReader(print_value(math.nan), 1).value())


def test_values_that_no_attribute_has_are_refused():
    with pytest.raises(TypeError, match="no text form"):
        print_value({1, 2})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%1 = mull(%0, %0) : f32[N]", "no op is named 'mull'"),
        ("%1 = mul(%0, %7) : f32[N]", "%7 is not defined above"),
        ("%1 = mul(%0, %0) : f32[M]", r"the type of mul is f32\[N\], not f32\[M\]"),
        ("%1 = mul(%0, %0) : f33[N]", "'f33' is no element type"),
        ("%1 = mul(%0) : f32[N]", "mul takes 2 operands"),
        ("%1 = sum(%0, axes=(3,), keepdims=false) : f32[]", "axis"),
        ("%1 = sum(%0, axes=0 keepdims=false) : f32[]", "expected ','"),
        ("%1 = mul(%0, %0) : f32[N] extra", "unexpected 'extra'"),
        ("%1 = mul(%0, ?) : f32[N]", "cannot read"),
        ('outputs "y" = %0', "expected a node"),
        ("inputs %0, %0", "every input once"),
    ],
)
def test_errors_name_the_line(line, message):
    text = f'graph "g" {{\n  %0 = input(name="x") : f32[N]\n  {line}\n}}\n'
    with pytest.raises(GraphTextError, match=f"line 3: .*{message}"):
        parse_graph(text)


@pytest.mark.parametrize("text", ["", "graph", 'graph "g" {', 'graph "g" {\n}\nmore'])
def test_incomplete_texts_are_refused(text):
    with pytest.raises(GraphTextError, match="line"):
        parse_graph(text)
