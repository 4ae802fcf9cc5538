"""The generated references are what the sources say now."""

from __future__ import annotations

import generate
from reference_library import undocumented


def test_references_are_not_stale():
    assert generate.stale() == [], "run `python docs/generate.py`"


def test_every_library_definition_has_a_comment():
    assert undocumented() == []
