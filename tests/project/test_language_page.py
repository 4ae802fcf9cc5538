"""The language reference is right about the text of specs: its code parses, its limits and words are real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from treadle.frontend.brackets import MAX_NESTING
from treadle.frontend.depth import MAX_DEPTH
from treadle.frontend.layout import MAX_CHARACTERS, MAX_TOKENS
from treadle.frontend.parser import parse
from treadle.frontend.terminals import RESERVED
from treadle.frontend.transform_exprs import KINDS, MAX_STRING
from treadle.source import Source
from treadle.types.dtype import DType

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text("utf-8")
SPECS = re.findall(r"```tdl\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_shows_code():
    assert len(SPECS) > 7


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.split("\n")[0])
def test_code_parses(spec):
    assert parse(Source("page", spec)).blocks


@pytest.mark.parametrize("limit", [MAX_CHARACTERS, MAX_TOKENS, MAX_NESTING, MAX_DEPTH, MAX_STRING])
def test_limits_are_named(limit):
    assert f"{limit:,}" in PAGE


@pytest.mark.parametrize("words", [sorted(RESERVED), KINDS, [dtype.value for dtype in DType]])
def test_lists_of_words_are_complete(words):
    assert " ".join(words) in PAGE
