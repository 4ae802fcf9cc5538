"""The backend tests of `onnx`: none fails, most pass; every second one, or all with `TREADLE_ALL_ONNX=1`."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("onnx")

from .backend import CompiledBackend, TreadleBackend
from .report import Verdict, judge, name_of, op_of, select

EVERY = 1 if os.environ.get("TREADLE_ALL_ONNX") == "1" else 2
LEAST = 1700 // EVERY  # of some 2,000 tests
COMPILED = ["Conv", "Gemm", "LSTM", "MatMul", "MaxPool", "ReduceSum", "Resize", "Softmax", "TopK", "Where"]


def failures(verdicts: list[Verdict]) -> list[str]:
    return [f"{verdict.test}: {verdict.reason}" for verdict in verdicts if verdict.outcome == "failed"]


def test_none_fails_and_most_pass():
    verdicts = judge(select(TreadleBackend)[::EVERY])
    assert failures(verdicts) == []
    assert sum(verdict.outcome == "passed" for verdict in verdicts) >= LEAST
    assert all(verdict.reason for verdict in verdicts if verdict.outcome == "skipped")


def test_compiled_kernels_agree_on_a_sample():
    first = {op_of(test): test for test in reversed(select(CompiledBackend, COMPILED))}
    verdicts = judge(first.values())
    assert failures(verdicts) == []
    assert {verdict.op for verdict in verdicts if verdict.outcome == "passed"} == set(COMPILED)


def test_tests_are_found_by_operator_and_by_name():
    names = {name_of(test) for test in select(TreadleBackend, ["relu"])}
    assert {"test_relu", "test_relu_expanded_ver18"} <= names
    assert [name_of(test) for test in select(TreadleBackend, ["test_relu"])] == ["test_relu"]
