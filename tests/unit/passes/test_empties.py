"""What has no elements is never computed; what is made of nothing is the neutral element."""

from __future__ import annotations

import math

import pytest

from support.meaning import graph_of
from treadle.passes import constant_fold
from treadle.passes.patterns import uniform
from treadle.types import DType, TensorType


def _folded(op, *shapes, **attrs):
    """What an op of inputs of these shapes folds to."""
    operands = [TensorType(DType.F64, shape) for shape in shapes]
    graph = graph_of(lambda g, *nodes: g.apply(op, *nodes, **attrs), *operands)
    return constant_fold.run(graph).outputs["y"]


@pytest.mark.parametrize(
    ("op", "shapes", "attrs", "value"),
    [
        ("exp", [(0, 3)], {}, 0.0),
        ("max", [(0, 3)], {"axes": (0,), "keepdims": False}, -math.inf),
        ("min", [(2, 0)], {"axes": (1,), "keepdims": True}, math.inf),
        ("prod", [(0,)], {"axes": (0,), "keepdims": False}, 1.0),
        ("sum", [(0, 3)], {"axes": (0,), "keepdims": False}, 0.0),
        ("matmul", [(2, 0), (0, 3)], {}, 0.0),
        ("conv", [(1, 0, 4, 4), (2, 0, 3, 3)], {}, 0.0),
    ],
)
def test_nothing_becomes_a_constant(op, shapes, attrs, value):
    assert uniform(_folded(op, *shapes, **attrs)) == value


def test_what_has_elements_stays():
    assert _folded("exp", (1, 3)).op == "exp"


def test_empty_parts_are_not_joined():
    assert len(_folded("concat", (2, 3), (0, 3), (1, 3), axis=0).inputs) == 2
    assert _folded("concat", (0, 3), (2, 3), axis=0).op == "input"
