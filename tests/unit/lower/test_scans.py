"""Loops whose carried values trade places, whose bodies count, yield what they read, or contain loops."""

from __future__ import annotations

import numpy as np
import pytest

from support.loop_machine import Machine
from support.meaning import results, sample_values
from treadle.ir import Builder, Graph
from treadle.lower.lower import lower
from treadle.lower.plan import KernelCall, LoopCall
from treadle.types import DType, TensorType

F64 = DType.F64


def f64(*shape):
    return TensorType(F64, shape)


def body_of(carries, sequences, constants, make, index=False):
    """A body with inputs of these types; `make` returns next carries and yields."""
    body = Graph("body")
    g = Builder(body)
    nodes = [g.input(f"c{k}", type_) for k, type_ in enumerate(carries)]
    nodes += [g.input(f"s{k}", type_) for k, type_ in enumerate(sequences)]
    nodes += [g.input(f"k{k}", type_) for k, type_ in enumerate(constants)]
    if index:
        nodes.append(g.input("index", TensorType(DType.I64, ())))
    for number, node in enumerate(make(g, *nodes)):
        body.outputs[f"o{number}"] = node
    return body


def run_scan(body, operands, carries, length, **attrs):
    graph = Graph("outer")
    g = Builder(graph)
    nodes = [g.input(name, type_) for name, type_ in operands.items()]
    sequences = sum(name.startswith("s") for name in operands)
    loop = g.scan(*nodes, body=body, carries=carries, sequences=sequences, length=length, **attrs)
    for number in range(len(body.outputs)):
        graph.outputs[f"r{number}"] = g.item(loop, index=number)
    return graph


def assert_right(graph):
    plan = lower(graph)
    values = sample_values(graph)
    outputs, _ = Machine(plan).run(values)
    for one, other in zip(results(graph, values), outputs.values(), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-12)
    return plan


@pytest.mark.parametrize("reverse", [False, True])
def test_carries_that_trade_places(reverse):
    body = body_of([f64(4)] * 2, [f64(4)], [], lambda g, a, b, s: [b, g.add(a, g.mul(s, b)), g.sub(a, s)])
    operands = {"c0": f64(4), "c1": f64(4), "s0": f64(5, 4)}
    assert_right(run_scan(body, operands, 2, 5, reverse=reverse))


@pytest.mark.parametrize("reverse", [False, True])
def test_old_and_new_values_are_yielded_without_copies(reverse):
    def make(g, c, s):
        after = g.tanh(g.add(c, s))
        return [after, c, after, s]

    body = body_of([f64(4)], [f64(4)], [], make)
    plan = assert_right(run_scan(body, {"c0": f64(4), "s0": f64(5, 4)}, 1, 5, reverse=reverse))
    loop = next(call for call in plan.calls if isinstance(call, LoopCall))
    copies = [call for call in loop.body if isinstance(call, KernelCall) and call.kernel.name == "copy"]
    assert len(copies) == 1  # of the sequence that is yielded as it is


@pytest.mark.parametrize("reverse", [False, True])
def test_the_position_is_known(reverse):
    def make(g, c, s, index):
        here = g.cast(index, dtype=F64)
        return [g.add(c, g.mul(s, here)), here]

    body = body_of([f64(3)], [f64(3)], [], make, index=True)
    assert_right(run_scan(body, {"c0": f64(3), "s0": f64(6, 3)}, 1, 6, reverse=reverse))


def test_a_carry_that_stays_and_one_that_is_forgotten():
    body = body_of([f64(3)] * 2, [f64(3)], [], lambda g, a, b, s: [a, s, g.mul(a, b)])
    assert_right(run_scan(body, {"c0": f64(3), "c1": f64(3), "s0": f64(4, 3)}, 2, 4))


def test_loops_inside_loops():
    inner = body_of([f64(3)], [f64(3)], [f64(3, 3)], lambda g, c, s, k: [_step(g, c, s, k), g.mul(c, 2.0)])

    def make(g, c, s, k):
        loop = g.scan(c, s, k, body=inner, carries=1, sequences=1, length=4)
        return [g.tanh(g.item(loop, index=0)), g.item(loop, index=1)]

    body = body_of([f64(3)], [f64(4, 3)], [f64(3, 3)], make)
    assert_right(run_scan(body, {"c0": f64(3), "s0": f64(2, 4, 3), "k0": f64(3, 3)}, 1, 2))


def _step(g, c, s, k):
    row = g.reshape(g.add(c, s), shape=(1, 3))
    return g.tanh(g.reshape(g.matmul(row, k), shape=(3,)))


def test_one_iteration():
    body = body_of([f64(3)], [f64(3)], [], lambda g, c, s: [g.add(c, s), g.mul(c, s)])
    assert_right(run_scan(body, {"c0": f64(3), "s0": f64(1, 3)}, 1, 1))


def test_a_table_in_the_body():
    def make(g, c, s):
        table = g.table(values=tuple(range(9)), dtype=F64, shape=(3, 3))
        return [_step(g, c, s, table)]

    assert_right(run_scan(body_of([f64(3)], [f64(3)], [], make), {"c0": f64(3), "s0": f64(4, 3)}, 1, 4))
