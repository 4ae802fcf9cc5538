"""`algebra` and `constant_fold` save work: every case keeps the meaning and leaves exactly the ops named."""

from __future__ import annotations

import numpy as np
import pytest

from support.meaning import assert_same_meaning, becomes, graph_of, ops, results, tensor
from treadle.passes import algebra, constant_fold
from treadle.types import DType, TensorType, symbol

A = tensor(4, 3)
S = tensor()
INT = tensor(4, dtype=DType.I64)
BOOL = tensor(4, 3, dtype=DType.BOOL)
F64 = DType.F64
N = symbol("N")


def true(g, *shape):
    return g.constant(True, DType.BOOL, shape)


ALGEBRA = {
    "plus zero": (lambda g, a: g.add(a, 0.0), (A,), []),
    "minus zero": (lambda g, a: g.sub(a, 0.0), (A,), []),
    "times one": (lambda g, a: g.mul(a, 1.0), (A,), []),
    "over one": (lambda g, a: g.div(a, 1.0), (A,), []),
    "times ones of another shape": (
        lambda g, a: g.mul(a, g.constant(1.0, F64, (2, 4, 3))),
        (A,),
        ["broadcast_to"],
    ),
    "minus minus": (lambda g, a: g.neg(g.neg(a)), (A,), []),
    "two factors": (lambda g, a: g.mul(g.mul(a, 2.0), 3.0), (A,), ["const", "mul"]),
    "factor and divisor": (lambda g, a: g.div(g.mul(a, 2.0), 8.0), (A,), ["const", "mul"]),
    "power 0": (lambda g, a: g.pow(a, 0.0), (A,), ["const"]),
    "power 1": (lambda g, a: g.pow(a, 1.0), (A,), []),
    "power 2": (lambda g, a: g.pow(a, 2.0), (A,), ["mul"]),
    "power 3": (lambda g, a: g.pow(a, 3.0), (A,), ["mul", "mul"]),
    "power 4": (lambda g, a: g.pow(a, 4.0), (A,), ["mul", "mul"]),
    "power one half": (lambda g, a: g.pow(g.abs(a), 0.5), (A,), ["abs", "sqrt"]),
    "power 3/2": (lambda g, a: g.pow(g.abs(a), 1.5), (A,), ["abs", "sqrt", "mul"]),
    "power -1/2": (lambda g, a: g.pow(g.abs(a), -0.5), (A,), ["abs", "rsqrt"]),
    "power -1": (lambda g, a: g.pow(a, -1.0), (A,), ["reciprocal"]),
    "power -2": (lambda g, a: g.pow(a, -2.0), (A,), ["mul", "reciprocal"]),
    "power 2.5": (lambda g, a: g.pow(g.abs(a), 2.5), (A,), ["abs", "const", "pow"]),
    "same twice": (lambda g, a: g.maximum(a, a), (A,), []),
    "larger of two bounds": (lambda g, a: g.maximum(g.maximum(a, 1.0), 2.0), (A,), ["const", "maximum"]),
    "larger again": (lambda g, a, b: g.maximum(g.maximum(a, b), b), (A, A), ["maximum"]),
    "larger than zero": (lambda g, a: g.maximum(a, 0.0), (A,), ["relu"]),
    "relu of relu": (lambda g, a: g.relu(g.relu(a)), (A,), ["relu"]),
    "absolute of minus": (lambda g, a: g.abs(g.neg(a)), (A,), ["abs"]),
    "square of absolute": (lambda g, a: g.mul(g.abs(a), g.abs(a)), (A,), ["mul"]),
    "choice of equals": (lambda g, a, c: g.where(c, a, a), (A, BOOL), []),
    "known choice": (lambda g, a, b: g.where(true(g), a, b), (A, A), []),
    "known choice of a smaller one": (lambda g, a, b: g.where(true(g), a, b), (S, A), ["broadcast_to"]),
    "and true": (lambda g, a: g.logical_and(a, true(g)), (BOOL,), []),
    "or true": (lambda g, a: g.logical_or(a, true(g)), (BOOL,), ["const"]),
    "not not": (lambda g, a: g.logical_not(g.logical_not(a)), (BOOL,), []),
    "integer times zero": (lambda g, a: g.mul(a, 0), (INT,), ["const"]),
    "integer minus itself": (lambda g, a: g.sub(a, a), (INT,), ["const"]),
    "float minus itself": (lambda g, a: g.sub(a, a), (A,), ["sub"]),
    "float times zero": (lambda g, a: g.mul(a, 0.0), (A,), ["const", "mul"]),
    "sum of sum": (
        lambda g, a: g.sum(g.sum(a, axes=(1,), keepdims=False), axes=(0,), keepdims=False),
        (A,),
        ["sum"],
    ),
    "sum of kept sum": (
        lambda g, a: g.sum(g.sum(a, axes=(1,), keepdims=True), axes=(0,), keepdims=True),
        (A,),
        ["sum"],
    ),
    "factor of a sum": (
        lambda g, a, s: g.sum(g.mul(a, s), axes=(1,), keepdims=False),
        (A, S),
        ["sum", "mul"],
    ),
    "sign of a sum": (lambda g, a: g.sum(g.neg(a), axes=(0,), keepdims=True), (A,), ["sum", "neg"]),
    "sum of a transpose": (
        lambda g, a: g.sum(g.transpose(a, perm=(2, 0, 1)), axes=(1,), keepdims=False),
        (tensor(2, 3, 4),),
        ["sum", "transpose"],
    ),
    "largest of a kept transpose": (
        lambda g, a: g.max(g.transpose(a, perm=(2, 0, 1)), axes=(1,), keepdims=True),
        (tensor(2, 3, 4),),
        ["max", "transpose"],
    ),
    "sum of all of a reshape": (
        lambda g, a: g.sum(g.reshape(a, shape=(2, 6)), axes=(0, 1), keepdims=False),
        (A,),
        ["sum"],
    ),
    "sum of a reshape with unit axes": (
        lambda g, a: g.sum(g.reshape(a, shape=(4, 1, 3)), axes=(0,), keepdims=False),
        (A,),
        ["sum", "reshape"],
    ),
    "sum of scattered": (
        lambda g, a, i: g.sum(g.scatter_add_along(a, i, axis=1, size=9), axes=(1,), keepdims=True),
        (A, tensor(4, 3, dtype=DType.I64)),
        ["sum"],
    ),
    "outer product": (lambda g, a, b: g.matmul(a, b), (tensor(4, 1), tensor(2, 1, 3)), ["mul"]),
    "product with equal elements on the left": (
        lambda g, a: g.matmul(g.constant(0.5, F64, (2, 4)), a),
        (A,),
        ["sum", "const", "mul", "broadcast_to"],
    ),
    "product with equal elements on the right": (
        lambda g, a: g.matmul(a, g.constant(0.5, F64, (2, 3, 1))),
        (A,),
        ["sum", "const", "mul", "broadcast_to"],
    ),
    "choices that complete each other": (
        lambda g, a, b, c: g.add(g.where(c, g.constant(0.0, F64), a), g.where(c, b, g.constant(0.0, F64))),
        (A, A, BOOL),
        ["where"],
    ),
    "gradient of a leaky function": (
        lambda g, a, c: g.add(
            g.where(c, a, g.constant(0.0, F64)), g.mul(g.where(c, g.constant(0.0, F64), a), 0.2)
        ),
        (A, BOOL),
        ["const", "mul", "where"],
    ),
}

FOLD = {
    "elementwise": (lambda g, a: g.add(a, g.exp(g.constant(0.0, F64))), (A,), ["const", "add"]),
    "with a table": (
        lambda g, a: g.mul(a, g.add(g.table(values=(1.0, 2.0, 3.0), dtype=F64, shape=(3,)), 1.0)),
        (A,),
        ["table", "mul"],
    ),
    "table that is uniform": (
        lambda g, a: g.add(a, g.mul(g.table(values=(1.0, 2.0, 4.0), dtype=F64, shape=(3,)), 0.0)),
        (A,),
        ["const", "add"],
    ),
    "view": (
        lambda g, a: g.add(a, g.transpose(g.constant(2.0, F64, (3, 4)), perm=(1, 0))),
        (A,),
        ["const", "add"],
    ),
    "pad with the same": (
        lambda g, a: g.add(a, g.pad(g.constant(2.0, F64, (3, 3)), low=(1, 0), high=(0, 0), value=2.0)),
        (A,),
        ["const", "add"],
    ),
    "pad with another": (
        lambda g, a: g.add(a, g.pad(g.constant(2.0, F64, (3, 3)), low=(1, 0), high=(0, 0), value=1.0)),
        (A,),
        ["const", "pad", "add"],
    ),
    "sum": (
        lambda g, a: g.mul(a, g.sum(g.constant(2.0, F64, (5, 2)), axes=(0, 1), keepdims=False)),
        (A,),
        ["const", "mul"],
    ),
    "largest": (
        lambda g, a: g.mul(a, g.max(g.constant(2.0, F64, (5, 2)), axes=(0, 1), keepdims=False)),
        (A,),
        ["const", "mul"],
    ),
    "cast": (lambda g, a: g.mul(a, g.cast(g.constant(3, DType.I64), dtype=F64)), (A,), ["const", "mul"]),
    "integers": (
        lambda g, a: g.add(a, g.floordiv(g.constant(7, DType.I64), g.constant(2, DType.I64))),
        (INT,),
        ["const", "add"],
    ),
    "take of a table": (
        lambda g, a: g.mul(
            a,
            g.take(
                g.table(values=(1.0, 2.0, 3.0, 5.0), dtype=F64, shape=(4,)),
                g.table(values=(3, 1, 0), dtype=DType.I64, shape=(3,)),
                axis=0,
            ),
        ),
        (A,),
        ["table", "mul"],
    ),
}


@pytest.mark.parametrize("case", ALGEBRA, ids=list(ALGEBRA))
def test_algebra(case):
    make, types, expected = ALGEBRA[case]
    becomes(algebra.run, make, types, *expected)


@pytest.mark.parametrize("case", FOLD, ids=list(FOLD))
def test_constant_fold(case):
    make, types, expected = FOLD[case]
    becomes(constant_fold.run, make, types, *expected)


def test_symbolic_constants_fold():
    shape = TensorType(DType.F32, (N, 3))
    after = becomes(
        constant_fold.run,
        lambda g, a: g.add(a, g.exp(g.constant(0.0, DType.F32, (N, 3)))),
        (shape,),
        "const",
        "add",
    )
    assert after.outputs["y"].inputs[1].attrs["value"] == 1.0


def test_symbolic_counts_stay():
    graph = graph_of(lambda g, a: g.mean(a, axes=(0,), keepdims=False), TensorType(DType.F32, (N,)))
    assert ops(constant_fold.run(graph)) == ["mean"]


def test_large_tables_stay_what_they_are():
    size = constant_fold.LARGEST + 1
    values = tuple(float(i) for i in range(size))
    graph = graph_of(
        lambda g, a: g.mul(a, g.neg(g.table(values=values, dtype=F64, shape=(size,)))), tensor(size)
    )
    assert ops(constant_fold.run(graph)) == ["table", "neg", "mul"]


def test_nan_and_infinities_survive_the_safe_rules():
    values = {"a": np.array([np.nan, np.inf, -np.inf, 0.0])}
    graph = graph_of(lambda g, a: g.add(g.mul(a, 0.0), g.add(g.sub(a, a), g.div(a, a))), tensor(4))
    after = algebra.run(graph)
    np.testing.assert_array_equal(results(after, values)[0], results(graph, values)[0])


UNSAFE = {
    "times zero": (lambda g, a: g.mul(a, 0.0), ["const"]),
    "minus itself": (lambda g, a: g.sub(a, a), ["const"]),
    "over itself": (lambda g, a: g.div(a, a), ["const"]),
    "exp of log": (lambda g, a: g.exp(g.log(a)), []),
    "square of root": (lambda g, a: g.mul(g.sqrt(a), g.sqrt(a)), []),
}


@pytest.mark.parametrize("case", UNSAFE, ids=list(UNSAFE))
def test_unsafe_rules_are_off_unless_asked_for(case):
    make, expected = UNSAFE[case]
    graph = graph_of(lambda g, a: make(g, g.abs(a)), A)
    assert ops(algebra.run(graph)) == ops(graph)
    after = algebra.run(graph, unsafe=True)
    assert_same_meaning(graph, after)
    assert ops(after) in (expected, ["abs", *expected])
