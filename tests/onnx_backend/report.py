"""Running the backend tests, and the table of passed, failed and skipped tests by operator."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from unittest import TestCase, TestResult, TestSuite, defaultTestLoader

import numpy as np
from onnx.backend.base import Backend
from onnx.backend.test import BackendTest
from onnx.backend.test.loader import load_model_tests

from .excluded import why_excluded

DOWNLOADED = "OnnxBackendRealModelTest"  # models of this category come from the network

_DEVICE = re.compile(r"_(cpu|cuda)$")
_EXPANDED = re.compile(r"_expanded(_ver\d+)?$")


@dataclass(frozen=True)
class Verdict:
    """The outcome of a test: `passed`, `failed` or `skipped`, with the reason."""

    test: str
    op: str
    outcome: str
    reason: str = ""


@cache
def operators() -> dict[str, str]:
    """The operator that each node test is about; an expanded test is about the operator it expands."""
    found = {
        case.name: case.model.graph.node[0].op_type for case in load_model_tests(kind="node") if case.model
    }
    return {name: found.get(_EXPANDED.sub("", name), op) for name, op in found.items()}


def select(backend: type[Backend], names: Iterable[str] = ()) -> list[TestCase]:
    """The tests of the operators, or of the names given; all that need no download without them."""
    wanted = {name.lower() for name in names}
    return [test for test in _tests(backend) if not wanted or {op_of(test).lower(), name_of(test)} & wanted]


def _tests(backend: type[Backend]) -> Iterator[TestCase]:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cases are computed here, some on purpose beyond the limits
        cases = BackendTest(backend, __name__).test_cases
    for category, case in sorted(cases.items()):
        suite = defaultTestLoader.loadTestsFromTestCase(case)
        if category != DOWNLOADED:
            yield from (test for test in suite if isinstance(test, TestCase) and test.id().endswith("_cpu"))


def name_of(test: TestCase) -> str:
    """The name of a test, without the device."""
    return _DEVICE.sub("", test.id().rpartition(".")[2])


def op_of(test: TestCase) -> str:
    """The operator that a test is about; of the others than node tests, their category."""
    return operators().get(name_of(test), test.id().split(".")[-2])


class _Verdicts(TestResult):
    def __init__(self) -> None:
        super().__init__()
        self.verdicts: list[Verdict] = []

    def _add(self, test: TestCase, outcome: str, reason: str = "") -> None:
        self.verdicts.append(Verdict(name_of(test), op_of(test), outcome, reason))

    def addSuccess(self, test: TestCase) -> None:  # noqa: N802 - unittest's names
        self._add(test, "passed")

    def addSkip(self, test: TestCase, reason: str) -> None:  # noqa: N802
        self._add(test, "skipped", reason)

    def addFailure(self, test: TestCase, err) -> None:  # noqa: N802
        self._add(test, "failed", self._exc_info_to_string(err, test))

    addError = addFailure  # noqa: N815


def judge(tests: Iterable[TestCase]) -> list[Verdict]:
    """Runs tests."""
    result = _Verdicts()
    for test in tests:
        reason = why_excluded(name_of(test))
        if reason is None:
            TestSuite([test]).run(result)
        else:
            result.addSkip(test, reason)
    return result.verdicts


def table(verdicts: Iterable[Verdict]) -> str:
    """Passed, failed and skipped tests of each operator, and in total."""
    counts: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        counts.setdefault(verdict.op, Counter())[verdict.outcome] += 1
    total: Counter[str] = sum(counts.values(), Counter())
    rows = [("operator", "passed", "failed", "skipped")]
    rows += [(op, *_cells(found)) for op, found in [*sorted(counts.items()), ("total", total)]]
    return "\n".join(f"{op:<36}{passed:>8}{failed:>8}{skipped:>8}" for op, passed, failed, skipped in rows)


def _cells(found: Counter[str]) -> tuple[str, str, str]:
    return str(found["passed"]), str(found["failed"]), str(found["skipped"])
