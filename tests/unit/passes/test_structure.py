"""Passes on the structure of graphs: `cse`, `dce`, `decompose`, `drop_stop_grad`, `flatten_matmul`,
`transpose_elimination`."""

from __future__ import annotations

import pytest

from support.meaning import assert_same_meaning, becomes, graph_of, ops, tensor
from support.nets import recurrent
from treadle.ir import Builder, Graph
from treadle.passes import cse, dce, decompose, drop_stop_grad, flatten_matmul, transpose_elimination
from treadle.types import DType

A = tensor(4, 3)
B = tensor(3, 4)
STACK = tensor(2, 4, 3)


def add_twice(graph: Graph) -> Graph:
    """A second `exp` of the input, made past the builder's merging."""
    x = graph.inputs["a"]
    first = graph.add("exp", (x,), {}, x.type, None, "")
    second = graph.add("exp", (x,), {}, x.type, None, "")
    graph.outputs["y"] = Builder(graph).add(first, second)
    return graph


def test_cse_merges_equal_nodes():
    graph = add_twice(graph_of(lambda g, a: a, A))
    after = cse.run(graph)
    assert_same_meaning(graph, after)
    assert ops(after) == ["exp", "add"]


def double_loop(g, a):
    return g.add(g.item(sum_loop(g, a, "body"), index=0), g.item(sum_loop(g, a, "body"), index=0))


def sum_loop(g, a, name):
    body = Graph(name)
    inner = Builder(body)
    c, s = inner.input("c0", tensor(3)), inner.input("s0", tensor(3))
    body.outputs["c0"] = inner.add(c, s)
    return g.scan(g.constant(0.0, DType.F64, (3,)), a, body=body, carries=1, sequences=1, length=4)


def test_cse_merges_scans_whose_bodies_are_equal():
    after = becomes(cse.run, double_loop, (A,), "const", "scan", "item", "add")
    assert len(after) == 5


def test_dce_keeps_the_interface_and_drops_the_rest():
    graph = graph_of(lambda g, a, b: g.exp(a), A, A)
    g = Builder(graph)
    g.neg(g.param("W", A))
    after = dce.run(graph)
    assert list(after.inputs) == ["a", "b"]
    assert list(after.params) == ["W"]
    assert ops(after) == ["exp", "param"]


def test_dce_returns_a_graph_without_dead_nodes_as_it_is():
    graph = recurrent()
    clean = dce.run(graph)
    assert dce.run(clean) is clean


def test_dce_cleans_bodies():
    graph = graph_of(lambda g, a: g.item(sum_loop(g, a, "body"), index=0), A)
    body = next(node for node in graph if node.op == "scan").attrs["body"]
    Builder(body).exp(body.inputs["c0"])
    after = dce.run(graph)
    assert_same_meaning(graph, after)
    assert len(next(node for node in after if node.op == "scan").attrs["body"]) == 3


def test_decompose():
    becomes(decompose.run, lambda g, a: g.mean(a, axes=(0,), keepdims=True), (A,), "sum", "const", "div")


def test_drop_stop_grad():
    becomes(drop_stop_grad.run, lambda g, a: g.exp(g.stop_grad(a)), (A,), "exp")


FLATTEN = {
    "rows of a stack": (lambda g, a, b: g.matmul(a, b), (STACK, B), ["reshape", "matmul", "reshape"]),
    "two stacks": (lambda g, a, b: g.matmul(a, b), (STACK, tensor(2, 3, 4)), ["matmul"]),
    "reordered rows": (
        lambda g, a, b: g.matmul(g.transpose(a, perm=(1, 0, 2)), b),
        (STACK, B),
        ["reshape", "matmul", "reshape", "transpose"],
    ),
    "transposed matrices": (
        lambda g, a, b: g.matmul(g.transpose(a, perm=(0, 2, 1)), b),
        (STACK, tensor(4, 5)),
        ["transpose", "matmul"],
    ),
    "sum of products": (
        lambda g, a, b: g.sum(g.matmul(g.transpose(a, perm=(0, 2, 1)), b), axes=(0,), keepdims=False),
        (STACK, tensor(2, 4, 5)),
        ["reshape", "reshape", "transpose", "matmul"],
    ),
    "sum of products, kept": (
        lambda g, a, b: g.sum(g.matmul(a, b), axes=(0, 1), keepdims=True),
        (tensor(2, 5, 4, 3), tensor(2, 5, 3, 4)),
        ["transpose", "reshape", "reshape", "transpose", "matmul", "reshape"],
    ),
}


@pytest.mark.parametrize("case", FLATTEN, ids=list(FLATTEN))
def test_flatten_matmul(case):
    make, types, expected = FLATTEN[case]
    graph = graph_of(make, *types)
    after = flatten_matmul.run(graph)
    assert_same_meaning(graph, after)
    assert sorted(ops(after)) == sorted(expected)


def swap(g, x):
    return g.transpose(x, perm=(1, 0))


TRANSPOSE = {
    "two become one": (lambda g, a, b: g.add(swap(g, a), swap(g, b)), (A, A), ["add", "transpose"]),
    "through to another": (lambda g, a: swap(g, g.exp(swap(g, a))), (A,), ["exp"]),
    "scalars do not mind": (lambda g, a, s: swap(g, g.mul(swap(g, a), s)), (A, tensor()), ["mul"]),
    "one of two stays": (lambda g, a, b: g.add(swap(g, a), b), (A, B), ["transpose", "add"]),
    "into a product": (
        lambda g, a, b: swap(g, g.matmul(a, b)),
        (A, tensor(3, 5)),
        ["transpose", "transpose", "matmul"],
    ),
    "out of a product": (
        lambda g, a, b: swap(g, g.matmul(swap(g, a), swap(g, b))),
        (A, tensor(5, 4)),
        ["matmul"],
    ),
    "through to a product": (
        lambda g, a, b, s: swap(g, g.mul(g.matmul(swap(g, a), b), s)),
        (A, tensor(4, 5), tensor()),
        ["transpose", "matmul", "mul"],
    ),
    "reshapes": (
        lambda g, a, b: g.add(g.reshape(a, shape=(12,)), g.reshape(b, shape=(12,))),
        (A, A),
        ["add", "reshape"],
    ),
    "reshape before a bias": (
        lambda g, a, b: g.add(g.reshape(a, shape=(2, 2, 3)), b),
        (A, tensor(3)),
        ["add", "reshape"],
    ),
    "reshape that cuts what a bias needs": (
        lambda g, a, b: g.add(g.reshape(a, shape=(2, 6)), b),
        (A, tensor(6)),
        ["reshape", "add"],
    ),
}


@pytest.mark.parametrize("case", TRANSPOSE, ids=list(TRANSPOSE))
def test_transpose_elimination(case):
    make, types, expected = TRANSPOSE[case]
    becomes(transpose_elimination.run, make, types, *expected)


def test_a_product_that_others_read_is_not_done_twice():
    def make(g, a, b):
        product = g.matmul(a, b)
        return g.matmul(swap(g, product), product)

    becomes(transpose_elimination.run, make, (A, tensor(3, 5)), "matmul", "transpose", "matmul")
