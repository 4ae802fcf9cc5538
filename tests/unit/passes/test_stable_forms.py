"""`stable_forms` keeps the meaning and gives a finite result where the first form overflows."""

from __future__ import annotations

import numpy as np
import pytest

from support.meaning import assert_same_meaning, graph_of, ops, results, tensor
from treadle.autodiff import expand
from treadle.ir import Builder, Graph
from treadle.passes import decompose, order, stable_forms
from treadle.types import DType

A = tensor(4, 3)
F64 = DType.F64


def one(g):
    return g.constant(1.0, F64)


def softmax(g, a):
    exponential = g.exp(a)
    return g.div(exponential, g.sum(exponential, axes=(1,), keepdims=True))


def shifted_softmax(g, a):
    return softmax(g, g.sub(a, g.max(a, axes=(1,), keepdims=True)))


def cross_entropy(g, a, y):
    p = g.sigmoid(a)
    return g.neg(g.add(g.mul(y, g.log(p)), g.mul(g.sub(one(g), y), g.log(g.sub(one(g), p)))))


def cross_entropy_as_difference(g, a, y):
    p = g.sigmoid(a)
    return g.sub(g.neg(g.mul(y, g.log(p))), g.mul(g.sub(one(g), y), g.log(g.sub(one(g), p))))


CASES = {
    "log of softmax": (lambda g, a: g.log(softmax(g, a)), [0.0, -1000.0, -1000.0]),
    "log of shifted softmax": (lambda g, a: g.log(shifted_softmax(g, a)), [0.0, -1000.0, -1000.0]),
    "log of sum of exp": (
        lambda g, a: g.log(g.sum(g.exp(a), axes=(1,), keepdims=True)),
        [1000.0],
    ),
    "log of sum of exp, axes dropped": (
        lambda g, a: g.reshape(g.log(g.sum(g.exp(a), axes=(1,), keepdims=False)), shape=(4, 1)),
        [1000.0],
    ),
    "softmax": (softmax, [1.0, 0.0, 0.0]),
    "picked log": (
        lambda g, a: g.log(g.slice(softmax(g, a), starts=(0, 1), stops=(4, 2), steps=(1, 1))),
        [-1000.0],
    ),
    "log of exp": (lambda g, a: g.log(g.exp(a)), [1000.0, 0.0, 0.0]),
    "log of sigmoid": (lambda g, a: g.log(g.sigmoid(g.neg(a))), [-1000.0, np.log(0.5), np.log(0.5)]),
    "log of 1 - sigmoid": (
        lambda g, a: g.log(g.sub(one(g), g.sigmoid(a))),
        [-1000.0, np.log(0.5), np.log(0.5)],
    ),
    "log1p of -sigmoid": (
        lambda g, a: g.log1p(g.neg(g.sigmoid(a))),
        [-1000.0, np.log(0.5), np.log(0.5)],
    ),
    "log of 1 + exp": (lambda g, a: g.log(g.add(one(g), g.exp(a))), [1000.0, np.log(2), np.log(2)]),
    "log1p of exp": (lambda g, a: g.log1p(g.exp(a)), [1000.0, np.log(2), np.log(2)]),
    "sigmoid in words": (
        lambda g, a: g.div(one(g), g.add(one(g), g.exp(g.neg(a)))),
        [1.0, 0.5, 0.5],
    ),
}


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
def test_finite_where_the_first_form_overflows(case):
    make, expected = CASES[case]
    graph = graph_of(make, A)
    after = stable_forms.run(graph)
    assert_same_meaning(graph, after)
    hard = np.zeros((4, 3))
    hard[:, 0] = 1000.0
    np.testing.assert_allclose(results(after, {"a": hard})[0][0], expected, rtol=1e-12)


@pytest.mark.parametrize("make", [cross_entropy, cross_entropy_as_difference])
def test_binary_cross_entropy_of_a_sigmoid(make):
    graph = graph_of(make, A, A)
    after = stable_forms.run(graph)
    assert_same_meaning(graph, after)
    assert ops(after).count("softplus") == 1
    assert not {"log", "sigmoid", "exp"} & set(ops(after))
    hard = {"a": np.full((4, 3), 1000.0), "b": np.zeros((4, 3))}
    np.testing.assert_array_equal(results(after, hard)[0], np.full((4, 3), 1000.0))


def test_log_of_one_plus_a_small_number():
    graph = graph_of(lambda g, a: g.log(g.add(a, 1.0)), tensor(2))
    assert ops(stable_forms.run(graph)) == ["log1p"]


def test_exp_minus_one():
    graph = graph_of(lambda g, a: g.sub(g.exp(a), 1.0), tensor(2))
    assert ops(stable_forms.run(graph)) == ["expm1"]


def test_one_minus_sigmoid():
    graph = graph_of(lambda g, a: g.sub(one(g), g.sigmoid(a)), tensor(2))
    after = stable_forms.run(graph)
    assert_same_meaning(graph, after)
    assert ops(after) == ["neg", "sigmoid"]


def test_infinite_logits_keep_their_meaning():
    graph = graph_of(lambda g, a: g.log(g.sum(g.exp(a), axes=(0,), keepdims=False)), tensor(2))
    for row in ([-np.inf, -np.inf], [np.inf, 0.0], [-np.inf, 0.0]):
        values = {"a": np.array(row)}
        np.testing.assert_array_equal(results(stable_forms.run(graph), values), results(graph, values))


def training_graph(of_probability: bool) -> Graph:
    """-log p[target] of a softmax, and its gradient by the logits or by the probabilities."""
    graph = Graph("g")
    g = Builder(graph)
    logits, target = g.input("a", A), g.input("t", tensor(4, 1, dtype=DType.I64))
    p = softmax(g, logits)
    loss = g.neg(g.mean(g.log(g.take_along(p, target, axis=1)), axes=(0, 1)))
    graph.outputs.update({"loss": loss, "grad": g.grad(loss, p if of_probability else logits)})
    return graph


def test_gradient_of_cross_entropy_is_p_minus_one_hot():
    after = order.optimise(expand.run(order.prepare(training_graph(False))), verify=True)
    logits = np.array([[1000.0, 0.0, 0.0]] * 4)
    loss, grad = results(after, {"a": logits, "t": np.array([[1], [0], [2], [1]])})
    np.testing.assert_allclose(loss, 750.0)
    np.testing.assert_allclose(grad[:2] * 4, [[1, -1, 0], [0, 0, 0]])
    assert not {"grad", "stop_grad"} & set(ops(after))


def test_what_is_differentiated_by_is_not_looked_through():
    graph = training_graph(True)
    plain = expand.run(decompose.run(graph))
    assert_same_meaning(plain, expand.run(order.prepare(graph)))
    values = {"a": np.zeros((4, 3)), "t": np.zeros((4, 1), int)}
    assert np.abs(results(plain, values)[1]).max() > 0.5
