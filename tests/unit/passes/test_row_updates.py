"""Scattered gradients become row updates in place; what needs a dense gradient keeps it."""

from __future__ import annotations

import numpy as np
import pytest

from support.loop_machine import Machine
from support.meaning import assert_same_meaning, ops, results, sample_values, tensor
from treadle.ir import Builder, Graph, Node
from treadle.lower.lower import lower
from treadle.lower.plan import walk
from treadle.lower.storage import BufferKind
from treadle.passes import row_updates
from treadle.types import DType, TensorType

ROWS, WIDTH, COUNT = 50, 4, 6


def step(change) -> Graph:
    """`w <- w - change(g, rows of the gradient by name)`; `w` is read before, as in training."""
    graph = Graph("step")
    g = Builder(graph)
    w = g.param("w", TensorType(DType.F64, (ROWS, WIDTH)))
    ids = g.input("ids", tensor(COUNT, dtype=DType.I64))
    more = g.input("more", tensor(2, 3, dtype=DType.I64))
    first = g.scatter_add(g.mul(g.take(w, ids, axis=0), 2.0), ids, axis=0, size=ROWS)
    second = g.scatter_add(g.sin(g.take(w, more, axis=0)), more, axis=0, size=ROWS)
    graph.outputs["loss"] = g.sum(g.take(w, ids, axis=0), axes=(0, 1), keepdims=False)
    graph.updates["w"] = g.sub(w, change(g, w, first, second))
    return graph


CHANGES = {
    "scaled": lambda g, _w, a, _b: g.mul(a, 0.1),
    "two": lambda g, _w, a, b: g.mul(g.add(a, g.neg(b)), 0.5),
    "divided": lambda g, _w, a, b: g.sub(g.div(a, 3.0), g.mul(2.0, b)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_dense_gradients_disappear(change):
    graph = step(change)
    after = row_updates.run(graph)
    assert_same_meaning(graph, after)
    assert ops(after).count("scatter_add_into") == 1
    assert "scatter_add" not in ops(after)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_rows_are_added_in_place(change):
    """No buffer is as large as the param, nothing is copied, and the values are those of the reference."""
    graph = row_updates.run(step(change))
    plan = lower(graph)
    own = [buffer for buffer in plan.buffers if buffer.kind is BufferKind.ARENA]
    assert all(buffer.elements < ROWS * WIDTH for buffer in own)
    (call,) = [call for call in walk(plan.calls) if any(n.op == "scatter_add_into" for n in call.nodes)]
    assert plan.leaves["w"].buffer in {operand.buffer for operand in call.operands}
    values = sample_values(graph)
    _, leaves = Machine(plan).run(values)
    np.testing.assert_allclose(leaves["w"], results(graph, values)[1], rtol=1e-12)


def _with_norm(g: Builder, _w: Node, a: Node, _b: Node) -> Node:
    return g.div(a, g.sum(g.mul(a, a), axes=(0, 1), keepdims=False))


KEPT = {
    "the norm is needed": _with_norm,
    "weight decay changes all rows": lambda g, w, a, _b: g.add(a, g.mul(w, 0.01)),
    "each element has its own rate": lambda g, w, a, _b: g.mul(a, w),
}


@pytest.mark.parametrize("change", KEPT.values(), ids=KEPT)
def test_other_updates_stay(change):
    graph = step(change)
    assert "scatter_add_into" not in ops(row_updates.run(graph))


def test_a_gradient_that_is_an_output_stays():
    graph = step(CHANGES["scaled"])
    graph.outputs["gradient"] = next(node for node in graph if node.op == "scatter_add")
    assert "scatter_add_into" not in ops(row_updates.run(graph))
