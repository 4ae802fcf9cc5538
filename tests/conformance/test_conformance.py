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
SAMPLE = {
    "modules": [
        "gru_2_bi/state",
        "lstm_lengths",
        "mha_causal_padding",
        "bn2d",
        "decoder_pre_gelu",
        "net/residual",
    ],
    "optim": [
        "adafactor",
        "nadam_decoupled",
        "clip_norm",
        "lbfgs_rosenbrock_wolfe",
        "plateau_min",
        "one_cycle",
    ],
}
SIMULATED = [
    "gelu",
    "logaddexp",
    "where",
    "logsumexp",
    "prod",
    "argmax",
    "var",
    "cumprod",
    "cummax",
    "matmul",
    "bmm",
    "linalg.det",
    "linalg.solve",
    "linear",
    "max_pool1d",
    "avg_pool2d",
    "layer_norm",
    "softmax",
    "embedding",
    "scatter_add",
    "index_add",
    "sort",
    "topk",
    "pad",
    "interpolate",
    "unfold",
    "cross_entropy",
    "nn.functional.conv1d/00",
]

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


def test_a_sample_of_ops_on_the_simulated_gpu():
    """Printed kernels and templates, one case of an op of each kind, with gradients."""
    assert_passed(SUITES["ops"](DATA, "cuda-sim", "f64", SIMULATED, per_op=1))


@pytest.mark.parametrize("suite", ["modules", "optim", "nets"])
def test_all_of_a_suite_on_the_reference_backend(suite):
    assert_passed(SUITES[suite](DATA, "numpy", "f64"))


@pytest.mark.parametrize("suite", SAMPLE)
def test_a_sample_of_a_suite_on_the_compiled_backend(suite):
    assert_passed(SUITES[suite](DATA, "cpu", "f64", SAMPLE[suite]))


def test_a_sample_of_layers_in_float32():
    assert_passed(SUITES["modules"](DATA, "cpu", "f32", SAMPLE["modules"][1:4]))
