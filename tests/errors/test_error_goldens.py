"""Every mistake in `STAGE/CODE_what.tdl` is reported as the text beside it says, and with that code first.

`parse/` holds mistakes that the parser finds, `check/` those found while a spec is expanded, `data/` those
found when its data are loaded (from `data/files`). To add one, write the `.tdl`, run with `--update-golden`
and read the `.txt` as the author of the spec would.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from treadle.errors import CODES, Diagnostic, TreadleError
from treadle.errors.render import all_to_text
from treadle.frontend.parser import parse
from treadle.frontend.result import Checked
from treadle.source import Source
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/E*.tdl"))


def diagnose(path: Path) -> list[Diagnostic]:
    source = Source(path.name, path.read_text("utf-8"))
    try:
        if path.parent.name == "parse":
            parse(source)
        else:
            from treadle.frontend.load import load_text  # noqa: PLC0415 - parser cases need no elaborator

            checked = load_text(source.text, source.name)
            if path.parent.name == "data":
                _load_data(checked)
    except TreadleError as error:
        return error.diagnostics
    return []


def _load_data(checked: Checked) -> None:
    with contextlib.chdir(HERE / "data"):
        for plan in checked.trains.values():
            load_feeds(checked, plan, Folders((Path("files"),)))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_mistake_is_explained(path, golden):
    diagnostics = diagnose(path)
    assert diagnostics, "nothing was reported"
    assert diagnostics[0].code == path.stem.split("_")[0]
    golden(path.with_suffix(".txt"), all_to_text(diagnostics) + "\n")


def test_every_syntax_code_has_a_case():
    shown = {path.stem.split("_")[0] for path in CASES}
    assert {code for code in CODES if code.startswith("E01")} - shown == set()
