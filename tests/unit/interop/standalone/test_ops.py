"""Every primitive op has a text in NumPy, and what the text computes is what the op's reference computes."""

from __future__ import annotations

import numpy as np
import pytest

from support.exported import function_of
from support.op_samples import CASES, Case
from treadle.interop.standalone import loop_helpers, numpy_helpers
from treadle.interop.standalone.functions import RULES
from treadle.ops import REGISTRY

STRUCTURE = {"input", "param", "state", "scan", "item", "grad"}
PRIMITIVE = [case for case in CASES if case.op.decompose is None]


def test_every_primitive_op_has_a_text() -> None:
    """A new op needs a line in one of the tables; composites are taken apart before."""
    primitive = {op.name for op in REGISTRY if op.decompose is None}
    assert primitive - STRUCTURE - RULES.keys() == set()
    assert RULES.keys() - primitive == set()


@pytest.mark.parametrize("target", ["numpy", "loops"])
@pytest.mark.parametrize("case", PRIMITIVE, ids=str)
def test_text_is_the_reference(case: Case, target: str) -> None:
    """By the samples of the registry; `loops` runs the loops in Python, without Numba."""
    g, node = case.build()
    g.graph.outputs["y"] = node
    values = case.values()
    with np.errstate(all="ignore"):
        found = function_of(g.graph, target)(**values)["y"]
        expected = np.asarray(case.op.reference(*values.values(), **node.attrs))
    assert np.asarray(found).dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2])
def test_convolutions_by_loops_are_those_by_numpy(groups: int) -> None:
    """With all attributes at once."""
    random = np.random.default_rng(0)
    settings = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": groups}
    x, w = random.standard_normal((2, 4, 5, 6)), random.standard_normal((6, 4 // groups, 3, 2))
    y = numpy_helpers.convolve(x, w, **settings)
    np.testing.assert_allclose(loop_helpers.convolve(x, w, **settings), y)
    for module in (numpy_helpers, loop_helpers):
        dx = module.convolve_input_grad(y, w, (5, 6), **settings)
        dw = module.convolve_filter_grad(x, y, (3, 2), **settings)
        np.testing.assert_allclose((dx * x).sum(), (y * y).sum())
        np.testing.assert_allclose((dw * w).sum(), (y * y).sum())


def test_round_to_bf16_keeps_what_is_no_number() -> None:
    """Ties to even; NaN and infinities stay."""
    values = np.array([1.00390625, 1.01171875, np.nan, np.inf, -3.0], np.float32)
    np.testing.assert_array_equal(
        numpy_helpers.round_to_bf16(values), np.array([1.0, 1.015625, np.nan, np.inf, -3.0], np.float32)
    )
