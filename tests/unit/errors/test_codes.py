"""The registry holds well-formed codes, each in the module of its family, each explained."""

from __future__ import annotations

import re

import pytest

from treadle.errors import CODES
from treadle.errors.render import explain


def test_there_are_enough_codes_and_none_is_lost_to_a_duplicate():
    from treadle.errors.codes import _FAMILIES  # noqa: PLC0415 - the rows before they become a dictionary

    rows = [info.code for family in _FAMILIES for info in family.CODES]
    assert len(rows) == len(set(rows)) == len(CODES) >= 60


@pytest.mark.parametrize("info", CODES.values(), ids=lambda info: info.code)
def test_code_is_explained(info):
    assert re.fullmatch(r"[EL]\d{4}", info.code)
    assert info.title == info.title.strip(" .")
    assert info.explanation.endswith((".", ")"))
    assert info.example
    assert explain(info.code).startswith(f"{info.code}: {info.title}\n")
