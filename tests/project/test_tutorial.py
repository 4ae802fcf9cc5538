"""Every spec of the tutorial is right, but for the one that is meant to be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from treadle.errors import TreadleError
from treadle.frontend.load import load_text

ROOT = Path(__file__).resolve().parents[2]
SPECS = re.findall(
    r"```tdl( error)?\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text("utf-8"), re.DOTALL
)


def test_the_tutorial_has_specs_and_a_mistake():
    assert len(SPECS) > 5
    assert [bool(wrong) for wrong, _ in SPECS].count(True) == 1


@pytest.mark.parametrize("spec", [spec for wrong, spec in SPECS if not wrong])
def test_specs_are_right(spec):
    assert load_text(spec).models


@pytest.mark.parametrize("spec", [spec for wrong, spec in SPECS if wrong])
def test_the_mistake_is_found(spec):
    with pytest.raises(TreadleError) as caught:
        load_text(spec)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0203"]
