"""Passes on scans: work leaves the loop before, after and for good, and the meaning stays."""

from __future__ import annotations

import pytest

from support.meaning import assert_same_meaning, graph_of, ops, tensor
from treadle.ir import Builder, Graph, Node
from treadle.passes import scan_dead, scan_hoist, scan_sink
from treadle.passes.scans import take_apart
from treadle.passes.sink_plan import plan_sinking
from treadle.types import DType, TensorType

T, N, D, H = 5, 2, 4, 3
STATE, ELEMENT = tensor(N, H), tensor(N, D)
XS, HS = tensor(T, N, D), tensor(T, N, H)
U, W = tensor(D, H), tensor(H, H)
INDEX = TensorType(DType.I64, ())


class Loop:
    """Writes the body of a scan: entries in order, then results."""

    def __init__(self, carries, sequences=(), constants=(), index=False):
        self.body = Graph("body")
        self.g = Builder(self.body)
        self.counts = (len(carries), len(sequences))
        named = [(f"c{i}", t) for i, t in enumerate(carries)]
        named += [(f"s{i}", t) for i, t in enumerate(sequences)]
        named += [(f"k{i}", t) for i, t in enumerate(constants)]
        self.entries = [self.g.input(name, type_) for name, type_ in named]
        if index:
            self.entries.append(self.g.input("index", INDEX))

    def run(self, g: Builder, operands, results, **attrs) -> Node:
        self.body.outputs.update({f"r{i}": node for i, node in enumerate(results)})
        carries, sequences = self.counts
        return g.scan(*operands, body=self.body, carries=carries, sequences=sequences, length=T, **attrs)


def outputs_of(graph: Graph, scan: Node, *numbers: int) -> Graph:
    g = Builder(graph)
    graph.outputs.clear()
    for number in numbers:
        graph.outputs[f"y{number}"] = g.item(scan, index=number)
    return graph


def loop_in(graph: Graph) -> Node:
    (scan,) = [node for node in graph if node.op == "scan"]
    return scan


def body_ops(graph: Graph) -> list[str]:
    return ops(loop_in(graph).attrs["body"])


def recurrence(reverse: bool = False) -> Graph:
    """h' = tanh(x_t U + h W + b), yielding h', h' V and x_t's sum."""
    graph = Graph("recurrence")
    g = Builder(graph)
    start, xs, u, w, b = (g.input(n, t) for n, t in zip("hxuwb", (STATE, XS, U, W, tensor(H)), strict=True))
    loop = Loop((STATE,), (ELEMENT,), (U, W, tensor(H)))
    h, x, u_, w_, b_ = loop.entries
    i = loop.g
    after = i.tanh(i.add(i.add(i.matmul(x, u_), b_), i.matmul(h, w_)))
    results = (after, after, i.matmul(after, w_), i.sum(x, axes=(1,), keepdims=False))
    scan = loop.run(g, (start, xs, u, w, b), results, reverse=reverse)
    return outputs_of(graph, scan, 0, 1, 2, 3)


@pytest.mark.parametrize("reverse", [False, True])
def test_hoist_takes_products_of_the_sequence_and_what_they_feed(reverse):
    graph = recurrence(reverse)
    after = scan_hoist.run(graph)
    assert_same_meaning(graph, after)
    assert body_ops(after) == ["matmul", "add", "tanh", "matmul"]
    assert ops(after).count("matmul") == 1
    assert "sum" in ops(after)


@pytest.mark.parametrize("reverse", [False, True])
def test_sink_takes_products_that_no_carry_needs(reverse):
    graph = recurrence(reverse)
    after = scan_sink.run(graph)
    assert_same_meaning(graph, after)
    assert body_ops(after).count("matmul") == 2
    assert ops(after).count("matmul") == 1


def test_hoist_then_sink_leave_the_recurrence_alone():
    graph = recurrence()
    after = scan_sink.run(scan_hoist.run(graph))
    assert_same_meaning(graph, after)
    assert body_ops(after) == ["matmul", "add", "tanh"]


def test_hoist_computes_once_what_is_the_same_in_each_step():
    graph = Graph("g")
    g = Builder(graph)
    start, w = g.input("h", STATE), g.input("w", W)
    loop = Loop((STATE,), (), (W,))
    h, w_ = loop.entries
    i = loop.g
    scan = loop.run(g, (start, w), (i.matmul(h, i.transpose(i.exp(w_), perm=(1, 0))),))
    after = scan_hoist.run(outputs_of(graph, scan, 0))
    assert_same_meaning(graph, after)
    assert body_ops(after) == ["transpose", "matmul"]
    assert "exp" in ops(after)


def test_a_loop_without_recurrence_vanishes():
    graph = Graph("g")
    g = Builder(graph)
    xs, u = g.input("x", XS), g.input("u", U)
    loop = Loop((), (ELEMENT,), (U,), index=True)
    x, u_, index = loop.entries
    i = loop.g
    scaled = i.mul(i.matmul(x, u_), i.cast(index, dtype=DType.F64))
    scan = loop.run(g, (xs, u), (scaled, i.sum(u_, axes=(0,), keepdims=False)))
    after = scan_hoist.run(outputs_of(graph, scan, 0, 1))
    assert_same_meaning(graph, after)
    assert "scan" not in ops(after)


def gradients() -> Graph:
    """A backward loop by hand: d' = (d + g_t) * tanh' W^T carries gather the gradients of W, b and rows."""
    graph = Graph("gradients")
    g = Builder(graph)
    names = ("d", "dw", "db", "de", "g", "h", "i", "w")
    types = (STATE, W, tensor(H), tensor(6, H), HS, HS, tensor(T, N, dtype=DType.I64), W)
    operands = [g.input(name, type_) for name, type_ in zip(names, types, strict=True)]
    loop = Loop(types[:4], (STATE, STATE, tensor(N, dtype=DType.I64)), (W,))
    d, dw, db, de, grad, h, ids, w = loop.entries
    i = loop.g
    total = i.mul(i.add(d, grad), i.sub(i.constant(1.0, DType.F64), i.mul(h, h)))
    weight = i.add(dw, i.matmul(i.transpose(h, perm=(1, 0)), total))
    bias = i.sub(db, i.sum(total, axes=(0,), keepdims=False))
    embedding = i.add(i.neg(i.scatter_add(total, ids, axis=0, size=6)), de)
    before = i.matmul(total, i.transpose(w, perm=(1, 0)))
    scan = loop.run(g, operands, (before, weight, bias, embedding), reverse=True)
    return outputs_of(graph, scan, 0, 1, 2, 3)


def test_sink_turns_gathered_gradients_into_large_products():
    graph = gradients()
    after = scan_sink.run(graph)
    assert_same_meaning(graph, after)
    assert loop_in(after).attrs["carries"] == 1
    assert body_ops(after).count("matmul") == 1
    assert ops(after).count("matmul") == ops(after).count("scatter_add") == 1


def test_sink_leaves_cheap_sums_alone_if_nothing_is_stacked_anyway():
    graph = Graph("g")
    g = Builder(graph)
    start, total = g.input("h", STATE), g.input("t", tensor(H))
    loop = Loop((STATE, tensor(H)))
    h, t = loop.entries
    i = loop.g
    scan = loop.run(g, (start, total), (i.tanh(h), i.add(t, i.sum(h, axes=(0,), keepdims=False))))
    graph = outputs_of(graph, scan, 0, 1)
    plan = plan_sinking(take_apart(loop_in(graph)), {0, 1})
    assert (plan.sums, plan.yields, plan.frontier) == ({}, set(), ())
    assert_same_meaning(graph, scan_sink.run(graph))


def test_sink_keeps_a_carry_that_something_else_reads():
    graph = Graph("g")
    g = Builder(graph)
    start, xs = g.input("h", tensor(D, D)), g.input("x", XS)
    loop = Loop((tensor(D, D),), (ELEMENT,))
    c, x = loop.entries
    i = loop.g
    scan = loop.run(g, (start, xs), (i.add(c, i.matmul(i.transpose(x, perm=(1, 0)), x)), i.matmul(x, c)))
    graph = outputs_of(graph, scan, 0, 1)
    after = scan_sink.run(graph)
    assert_same_meaning(graph, after)
    assert loop_in(after).attrs["carries"] == 1


@pytest.mark.parametrize("sign", ["add", "sub"])
def test_a_gathering_loop_over_sequences_vanishes(sign):
    graph = Graph("g")
    g = Builder(graph)
    start, xs, hs = g.input("c", U), g.input("x", XS), g.input("y", HS)
    loop = Loop((U,), (ELEMENT, STATE))
    c, x, y = loop.entries
    i = loop.g
    scan = loop.run(g, (start, xs, hs), (i.apply(sign, c, i.matmul(i.transpose(x, perm=(1, 0)), y)),))
    graph = outputs_of(graph, scan, 0)
    after = scan_sink.run(graph)
    assert_same_meaning(graph, after)
    assert "scan" not in ops(after)


def test_dead_results_carries_and_operands_go():
    graph = Graph("g")
    g = Builder(graph)
    h0, c0, xs, w, spare = (g.input(n, t) for n, t in zip("hcxws", (STATE, STATE, HS, W, W), strict=True))
    loop = Loop((STATE, STATE, STATE), (STATE, STATE, STATE), (W, W, W))
    h, idle, unread, x, again, ones, w_, w_again, _ = loop.entries
    i = loop.g
    after = i.add(i.matmul(h, i.add(w_, w_again)), i.mul(i.add(x, again), i.add(ones, idle)))
    full = g.constant(1.0, DType.F64, (T, N, H))
    operands = (h0, c0, c0, xs, xs, full, w, w, spare)
    scan = loop.run(g, operands, (after, idle, i.add(unread, x), after, after, i.exp(h)))
    graph = outputs_of(graph, scan, 0, 1, 3, 4)
    lean = scan_dead.run(graph)
    assert_same_meaning(graph, lean)
    node = loop_in(lean)
    assert (node.attrs["carries"], node.attrs["sequences"], len(node.inputs)) == (1, 1, 4)
    assert len(node.result) == 2
    assert lean.outputs["y1"] is lean.inputs["c"]


def test_a_lean_scan_is_left_as_it_is():
    graph = scan_dead.run(recurrence())
    assert loop_in(scan_dead.run(graph)).attrs["body"] is loop_in(graph).attrs["body"]


def test_carries_that_need_each_other_live_together():
    graph = Graph("g")
    g = Builder(graph)
    a0, b0 = g.input("a", STATE), g.input("b", STATE)
    loop = Loop((STATE, STATE))
    a, b = loop.entries
    scan = loop.run(g, (a0, b0), (b, loop.g.add(a, b)))
    graph = outputs_of(graph, scan, 0)
    after = scan_dead.run(graph)
    assert_same_meaning(graph, after)
    assert loop_in(after).attrs["carries"] == 2


def _swap(i, x):
    return i.transpose(x, perm=(1, 0))


BATCHED = {
    "elementwise with lower rank": lambda i, x, k: i.add(i.sum(x, axes=(0,), keepdims=False), x),
    "elementwise with a constant": lambda i, x, k: i.mul(x, i.sum(k, axes=(1,), keepdims=False)),
    "reshape": lambda i, x, k: i.reshape(x, shape=(D, N)),
    "transpose": lambda i, x, k: i.transpose(x, perm=(1, 0)),
    "broadcast": lambda i, x, k: i.broadcast_to(i.sum(x, axes=(0,), keepdims=False), shape=(3, 2, D)),
    "slice": lambda i, x, k: i.slice(x, starts=(0, 1), stops=(2, 4), steps=(1, 2)),
    "flip": lambda i, x, k: i.flip(x, axes=(1,)),
    "pad": lambda i, x, k: i.pad(x, low=(0, 1), high=(2, 0), value=1.5),
    "concat": lambda i, x, k: i.concat(x, i.transpose(k, perm=(1, 0)), axis=0),
    "max": lambda i, x, k: i.max(x, axes=(1,), keepdims=True),
    "argmax": lambda i, x, k: i.argmax(x, axis=1),
    "cumsum": lambda i, x, k: i.cumsum(x, axis=1, reverse=True),
    "windows": lambda i, x, k: i.windows(x, axes=(1,), sizes=(2,), strides=(1,), dilations=(1,)),
    "fold_windows": lambda i, x, k: i.fold_windows(
        i.reshape(x, shape=(N, 2, 2)), shape=(N, 4), axes=(1,), sizes=(2,), strides=(2,), dilations=(1,)
    ),
    "matmul": lambda i, x, k: i.matmul(x, k),
    "matmul from the left": lambda i, x, k: i.matmul(
        i.transpose(k, perm=(1, 0)), i.transpose(x, perm=(1, 0))
    ),
    "matmul of both": lambda i, x, k: i.matmul(x, i.transpose(x, perm=(1, 0))),
    "matmul of ranks 3 and 2": lambda i, x, k: i.matmul(
        i.reshape(x, shape=(2, 2, 2)), i.slice(x, starts=(0, 0), stops=(2, 2), steps=(1, 1))
    ),
    "take": lambda i, x, k: i.take(k, i.argmax(x, axis=1), axis=0),
    "take of another axis": lambda i, x, k: i.take(k, i.argmax(_swap(i, _swap(i, x)), axis=1), axis=1),
    "take from a sequence": lambda i, x, k: i.take(x, i.argmax(k, axis=1), axis=1),
    "take_along": lambda i, x, k: i.take_along(x, i.reshape(i.argmax(x, axis=1), shape=(N, 1)), axis=1),
    "scatter_add": lambda i, x, k: i.scatter_add(x, i.argmax(k, axis=1), axis=1, size=6),
    "conv": lambda i, x, k: i.conv(
        i.reshape(x, shape=(1, 1, N, D)), i.reshape(k, shape=(H, 1, 1, D)), padding=((0, 0), (1, 1))
    ),
}


@pytest.mark.parametrize("case", BATCHED, ids=list(BATCHED))
def test_work_for_all_steps_at_once(case):
    """Each op that can leave a loop does the same there as step by step."""
    graph = Graph("g")
    g = Builder(graph)
    xs, k = g.input("x", XS), g.input("k", U)
    loop = Loop((), (ELEMENT,), (U,))
    x, k_ = loop.entries
    scan = loop.run(g, (xs, k), (BATCHED[case](loop.g, x, k_),))
    graph = outputs_of(graph, scan, 0)
    after = scan_hoist.run(graph)
    assert_same_meaning(graph, after)
    assert "scan" not in ops(after)


def test_what_cannot_be_batched_stays():
    graph = graph_of(lambda g, key: g.item(_draws(g, key), index=0), tensor(T, 2, dtype=DType.I64))
    after = scan_hoist.run(graph)
    assert_same_meaning(graph, after)
    assert "random_uniform" in body_ops(after)


def _draws(g, keys):
    loop = Loop((), (tensor(2, dtype=DType.I64),))
    (key,) = loop.entries
    return loop.run(g, (keys,), (loop.g.random_uniform(key, shape=(3,), dtype=DType.F64, stream=1),))
