"""Values, gradients and second-order products agree with a framework that nobody here wrote.

All cases run on the reference backend in float64, a sample with every op on the compiled one in both widths;
`python -m tests.conformance --backend cpu` runs them all there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.report import reasons
from conformance.suites import SUITES

CHECKOUT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TREADLE_CONFORMANCE", CHECKOUT.parent / "shared" / "conformance"))
PER_OP = 2

pytestmark = pytest.mark.skipif(
    not (DATA / "ops.json").is_file(), reason=f"no cases: set TREADLE_CONFORMANCE (looked in {DATA.name})"
)


def assert_passed(verdicts: Iterable) -> None:
    verdicts = list(verdicts)
    assert verdicts
    assert "\n".join(reasons(verdicts, "failed")) == ""


def test_all_cases_on_the_reference_backend():
    assert_passed(SUITES["ops"](DATA, "numpy", "f64"))


@pytest.mark.parametrize("dtype", ["f64", "f32"])
def test_a_sample_of_every_op_on_the_compiled_backend(dtype):
    assert_passed(SUITES["ops"](DATA, "cpu", dtype, per_op=PER_OP))
