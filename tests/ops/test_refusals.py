"""Whatever is asked of an op, it takes it or refuses it with a code; nothing ends in another exception."""

from __future__ import annotations

from operator import attrgetter

import pytest

from refusals import changes, refusals, sample_types, verdict
from treadle.ops import REGISTRY, OpDef
from treadle.types import DType

OPS = [op for op in REGISTRY if op.samples]
NAME = attrgetter("name")
MOVERS = {"cast", "stop_grad", "pad", "take", "take_along"}
TAKES_ANYTHING = {"cast", "stop_grad"}


@pytest.mark.parametrize("op", OPS, ids=NAME)
def test_changed_samples_are_taken_or_refused_with_a_code(op: OpDef):
    codes = {verdict(op, change) for sample in op.samples for change in changes(op, sample)}
    assert all(code is None or code.startswith("E02") for code in codes)


@pytest.mark.parametrize("op", OPS, ids=NAME)
def test_every_op_refuses_something(op: OpDef):
    assert (op.name in TAKES_ANYTHING) == (refusals(op) == {})


@pytest.mark.parametrize("op", [op for op in OPS if op.is_elementwise and len(op.signature) > 1], ids=NAME)
def test_elementwise_ops_refuse_sizes_that_do_not_pair(op: OpDef):
    found = {code for what, code in refusals(op).items() if what.endswith("of another size")}
    assert found == {"E0201"}


@pytest.mark.parametrize("op", OPS, ids=NAME)
def test_numbers_are_no_booleans(op: OpDef):
    """Where a float stands, a boolean is refused, but by ops that only move elements or compare them."""
    moves = {"view", "leaf"} & op.traits or op.name in MOVERS
    floats = [i for i, t in enumerate(sample_types(op.samples[0])) if t.dtype is DType.F64]
    names = [op.signature[min(i, len(op.signature) - 1)] for i in floats]
    assert moves or all(f"{name} of bool" in refusals(op) for name in names)
