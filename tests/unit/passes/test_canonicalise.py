"""`canonicalise` brings equal meanings to one form; each case keeps the meaning and leaves the ops named."""

from __future__ import annotations

import pytest

from support.meaning import becomes, graph_of, ops, tensor
from treadle.ir import Builder, Graph
from treadle.passes import canonicalise
from treadle.types import DType, TensorType, symbol

A = tensor(4, 3)
ROW = tensor(3)
INT = tensor(4, dtype=DType.I64)
N = symbol("N")

CASES = {
    "constant goes right": (lambda g, a: g.mul(g.constant(2.0, DType.F64), a), (A,), ["const", "mul"]),
    "difference with a constant": (lambda g, a: g.sub(a, 2.0), (A,), ["const", "add"]),
    "zero minus": (lambda g, a: g.sub(g.constant(0.0, DType.F64), a), (A,), ["neg"]),
    "plus a negation": (lambda g, a, b: g.add(a, g.neg(b)), (A, A), ["sub"]),
    "negation plus": (lambda g, a, b: g.add(g.neg(a), b), (A, A), ["sub"]),
    "minus a negation": (lambda g, a, b: g.sub(a, g.neg(b)), (A, A), ["add"]),
    "negation minus": (lambda g, a, b: g.sub(g.neg(a), b), (A, A), ["add", "neg"]),
    "negation of a difference": (lambda g, a, b: g.neg(g.sub(a, b)), (A, A), ["sub"]),
    "signs of factors": (lambda g, a, b: g.mul(g.neg(a), b), (A, A), ["mul", "neg"]),
    "sign and constant": (lambda g, a: g.neg(g.mul(a, 3.0)), (A,), ["const", "mul"]),
    "times minus one": (lambda g, a: g.mul(a, -1.0), (A,), ["neg"]),
    "divided by a power of two": (lambda g, a: g.div(a, 4.0), (A,), ["const", "mul"]),
    "divided by another number": (lambda g, a: g.div(a, 3.0), (A,), ["const", "div"]),
    "one over": (lambda g, a: g.div(g.constant(1.0, DType.F64), a), (A,), ["reciprocal"]),
    "times a reciprocal": (lambda g, a, b: g.mul(a, g.reciprocal(b)), (A, A), ["div"]),
    "times a smaller reciprocal": (
        lambda g, a, b: g.mul(a, g.reciprocal(b)),
        (A, ROW),
        ["reciprocal", "mul"],
    ),
    "greater": (lambda g, a, b: g.where(g.gt(a, b), a, b), (A, A), ["lt", "where"]),
    "not equal": (lambda g, a, b: g.logical_not(g.eq(a, b)), (INT, INT), ["ne"]),
    "negated choice": (
        lambda g, a, b, c: g.where(g.logical_not(c), a, b),
        (A, A, tensor(4, 3, dtype=DType.BOOL)),
        ["where"],
    ),
    "cast and back": (
        lambda g, a: g.cast(g.cast(a, dtype=DType.F64), dtype=DType.F32),
        (tensor(3, dtype=DType.F32),),
        [],
    ),
    "cast that loses": (
        lambda g, a: g.cast(g.cast(a, dtype=DType.F32), dtype=DType.F64),
        (A,),
        ["cast", "cast"],
    ),
    "reshape of reshape": (
        lambda g, a: g.reshape(g.reshape(a, shape=(12,)), shape=(2, 6)),
        (A,),
        ["reshape"],
    ),
    "reshape back": (lambda g, a: g.reshape(g.reshape(a, shape=(12,)), shape=(4, 3)), (A,), []),
    "transpose twice": (lambda g, a: g.transpose(g.transpose(a, perm=(1, 0)), perm=(1, 0)), (A,), []),
    "transpose of unit axes": (lambda g, a: g.transpose(a, perm=(1, 2, 0)), (tensor(1, 4, 3),), ["reshape"]),
    "slice of all": (lambda g, a: g.slice(a, starts=(0, 0), stops=(4, 3), steps=(1, 1)), (A,), []),
    "slice of slice": (
        lambda g, a: g.slice(
            g.slice(a, starts=(1, 0), stops=(9, 3), steps=(2, 1)), starts=(1, 1), stops=(4, 3), steps=(2, 1)
        ),
        (tensor(9, 3),),
        ["slice"],
    ),
    "slice of a part": (
        lambda g, a, b: g.slice(g.concat(a, b, axis=0), starts=(5, 0), stops=(8, 3), steps=(1, 1)),
        (A, A),
        ["slice"],
    ),
    "parts joined again": (
        lambda g, a: g.concat(
            g.slice(a, starts=(0, 0), stops=(1, 3), steps=(1, 1)),
            g.slice(a, starts=(1, 0), stops=(4, 3), steps=(1, 1)),
            axis=0,
        ),
        (A,),
        [],
    ),
    "joined twice": (lambda g, a, b: g.concat(g.concat(a, b, axis=0), a, axis=0), (A, A), ["concat"]),
    "flipped twice": (lambda g, a: g.flip(g.flip(a, axes=(0, 1)), axes=(0,)), (A,), ["flip"]),
    "pad of pad": (
        lambda g, a: g.pad(g.pad(a, low=(1, 0), high=(0, 0)), low=(0, 2), high=(0, 1)),
        (A,),
        ["pad"],
    ),
    "padded parts": (
        lambda g, a, b, c: g.add(
            g.add(g.pad(a, low=(0, 6), high=(0, 0)), g.pad(b, low=(0, 0), high=(0, 6))),
            g.pad(c, low=(0, 3), high=(0, 3)),
        ),
        (A, A, A),
        ["concat"],
    ),
    "padded parts that overlap": (
        lambda g, a, b: g.add(g.pad(a, low=(0, 1), high=(0, 0)), g.pad(b, low=(0, 0), high=(0, 1))),
        (A, A),
        ["pad", "pad", "add"],
    ),
    "broadcast before an op": (
        lambda g, a, b: g.add(a, g.broadcast_to(b, shape=(4, 3))),
        (A, ROW),
        ["add"],
    ),
    "broadcast of all operands": (
        lambda g, a: g.exp(g.broadcast_to(a, shape=(4, 3))),
        (ROW,),
        ["exp", "broadcast_to"],
    ),
    "full constant": (
        lambda g, a: g.mul(a, g.constant(2.0, DType.F64, (4, 3))),
        (A,),
        ["const", "mul"],
    ),
    "leading unit axes": (lambda g, a, b: g.mul(a, g.reshape(b, shape=(1, 3))), (A, ROW), ["mul"]),
    "sum of copies": (
        lambda g, a: g.sum(g.broadcast_to(a, shape=(5, 4, 3)), axes=(0, 1), keepdims=False),
        (A,),
        ["reshape", "sum", "const", "mul", "reshape"],
    ),
    "largest of copies": (
        lambda g, a: g.max(g.broadcast_to(a, shape=(5, 4, 3)), axes=(0,), keepdims=False),
        (A,),
        [],
    ),
    "sum over a unit axis": (lambda g, a: g.sum(a, axes=(1,), keepdims=False), (tensor(4, 1),), ["reshape"]),
    "kept axes dropped": (
        lambda g, a: g.reshape(g.sum(a, axes=(1,), keepdims=True), shape=(4,)),
        (A,),
        ["sum"],
    ),
}


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
def test_form(case):
    make, types, expected = CASES[case]
    becomes(canonicalise.run, make, types, *expected)


def test_operands_of_commutative_ops_stand_in_one_order():
    graph = graph_of(lambda g, a, b: g.sub(g.mul(a, b), g.mul(b, a)), A, A)
    after = canonicalise.run(graph)
    assert ops(after) == ["mul", "sub"]


def test_symbolic_sizes():
    shape = TensorType(DType.F32, (N, 3))
    after = becomes(
        canonicalise.run,
        lambda g, a, b: g.mul(g.broadcast_to(b, shape=(N, 3)), g.reshape(a, shape=(N, 3))),
        (shape, TensorType(DType.F32, (3,))),
        "mul",
    )
    assert str(after.outputs["y"].type) == "f32[N, 3]"


def test_running_twice_changes_nothing():
    for make, types, expected in CASES.values():
        once = canonicalise.run(graph_of(make, *types))
        assert ops(canonicalise.run(once)) == expected


def test_bodies_of_scans_are_included():
    graph = graph_of(lambda g, a: g.item(_scan(g, a), index=0), tensor(3))
    body = next(node for node in canonicalise.run(graph) if node.op == "scan").attrs["body"]
    assert [node.op for node in body] == ["input", "input", "sub"]


def _scan(g, a):
    body = Graph("body")
    inner = Builder(body)
    c, s = inner.input("c0", tensor()), inner.input("s0", tensor())
    body.outputs["c0"] = inner.add(c, inner.neg(s))
    return g.scan(g.constant(0.0, DType.F64), a, body=body, carries=1, sequences=1, length=3)
