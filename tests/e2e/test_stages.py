"""Every stage of gallery specs has a text form, also where sizes are known only from data.

Every fifth spec, since each stage does again what the stages before it did; the gallery's tests compile all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle import driver
from treadle.frontend.load import load_spec

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*/*.tdl"))[::5]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_all_stages_print(path: Path) -> None:
    checked = load_spec(path)
    texts = [driver.emit_stage(checked, stage) for stage in driver.STAGES]
    assert all(len(text) > 200 for text in texts)
    assert len(set(texts)) == len(driver.STAGES)
    assert " = grad(" not in driver.emit_stage(checked, "grad")
