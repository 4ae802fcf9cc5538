"""Diagnostics carry a registered code; the collector keeps each finding once and not too many."""

from __future__ import annotations

import pytest

from treadle.errors import Diagnostic, Diagnostics, TreadleError, did_you_mean, fail, nearest
from treadle.source import Source


def test_unknown_code_is_a_programming_error():
    with pytest.raises(KeyError, match="E9999"):
        fail("E9999", "no such code")


def test_fail_carries_one_diagnostic():
    span = Source("f", "abc").span(1, 2)
    with pytest.raises(TreadleError, match=r"error\[E0301\]: who is b\n  --> f:1:2\n") as caught:
        fail("E0301", "who is b", span, hint="try a")
    assert caught.value.headlines == "f:1:2: error[E0301]: who is b"
    assert caught.value.diagnostics == [Diagnostic("E0301", "who is b", span, hint="try a")]


def test_an_error_is_never_empty():
    with pytest.raises(ValueError, match="at least one"):
        TreadleError([])


def test_collector_drops_repetitions_and_excess():
    found = Diagnostics(limit=2)
    found.extend([Diagnostic("E0301", "a"), Diagnostic("E0301", "a"), Diagnostic("E0301", "b")])
    assert found.full
    found.append(Diagnostic("E0301", "c"))
    assert [diagnostic.message for diagnostic in found] == ["a", "b"]


def test_warnings_do_not_raise():
    found = Diagnostics()
    found.append(Diagnostic("E0412", "never reached", severity="warning"))
    found.raise_if_errors()
    found.append(Diagnostic("E0301", "a"))
    with pytest.raises(TreadleError) as caught:
        found.raise_if_errors()
    assert len(caught.value.diagnostics) == 2


@pytest.mark.parametrize(
    ("name", "match"), [("con2d", "conv2d"), ("batchnorm", "batch_norm"), ("RELU", "relu"), ("zzz", None)]
)
def test_nearest(name, match):
    assert nearest(name, ["conv2d", "batch_norm", "relu", "gelu"]) == match


def test_did_you_mean():
    assert did_you_mean("con2d", ["conv2d"]) == "did you mean `conv2d`?"
    assert did_you_mean("con2d", []) is None
