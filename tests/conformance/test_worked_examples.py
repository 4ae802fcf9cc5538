"""The worked examples of a folder of course material; the project has its own copy in tests/e2e."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from support.worked import CHECKS

CHECKOUT = Path(__file__).parents[2]
FILE = Path(os.environ.get("TREADLE_COURSE", CHECKOUT.parent / "shared" / "course")) / "worked_examples.json"

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="no worked examples: set TREADLE_COURSE")


def examples() -> dict:
    return json.loads(FILE.read_text("utf-8"))


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_comes_out_as_printed(name):
    CHECKS[name](examples()[name])


def test_no_example_is_left_out():
    assert set(examples()) - {"note"} == set(CHECKS)
