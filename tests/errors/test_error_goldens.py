"""Every mistake in `STAGE/CODE_what.tdl` is reported as the text beside it says, and with that code first.

`parse/` holds mistakes that the parser finds, `check/` those found while a spec is expanded, `data/` those
found when its data are loaded (from `data/files`), `files/` those of several files, `commands/` those that
only commands meet (see `test_command_goldens.py`). To add one, write the `.tdl`, run with `--update-golden`
and read the `.txt` as the author of the spec would.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from treadle.errors import CODES, Diagnostic, TreadleError
from treadle.errors.render import all_to_text, to_json
from treadle.frontend.load import load_spec, load_text
from treadle.frontend.parser import parse
from treadle.frontend.result import Checked
from treadle.source import Source
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds

HERE = Path(__file__).parent
CASES = sorted(path for stage in ("parse", "check", "data") for path in HERE.glob(f"{stage}/E*.tdl"))
FOLDERS = sorted(HERE.glob("files/E*"))
ELSEWHERE = {  # what no spec and no command can show, and the tests that show it
    "E0805": "tests/unit/train/test_weights.py",
    "E0810": "tests/unit/train/test_runs.py",
    "E1002": "tests/unit/viz/test_graphviz.py",
    "E1007": "tests/errors/test_command_goldens.py",
    "E1012": "tests/unit/cli/test_cli.py",
    "E1013": "tests/unit/viz/test_graphviz.py",
    "E1014": "tests/unit/backends/numba_cuda/test_presence.py",
    "E1015": "tests/unit/backends/numba_cuda/test_cuda_driver.py",
    "E1016": "tests/unit/backends/numba_cuda/test_cuda_driver.py",
    "E1017": "tests/unit/backends/numba_cuda/test_session.py",
    "E1101": "tests/unit/cli/test_cli.py",
    "E1102": "tests/unit/ir/test_verify.py",
    "E1103": "tests/unit/backends/numba_cpu/test_backend.py",
    **{code: "tests/unit/frontend/lint/test_lint.py" for code in CODES if code.startswith("L")},
    "E1301": "tests/unit/interop/onnx/test_export.py",
    "E1302": "tests/unit/interop/onnx/test_export.py",
}


def diagnose(path: Path) -> list[Diagnostic]:
    source = Source(path.name, path.read_text("utf-8"))
    try:
        if path.parent.name == "parse":
            parse(source)
        else:
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


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_mistake_in_several_files_is_explained(folder, golden):
    with contextlib.chdir(folder), pytest.raises(TreadleError) as caught:
        load_spec("main.tdl")
    diagnostics = caught.value.diagnostics
    assert diagnostics[0].code == folder.name.split("_")[0]
    golden(folder / "expected.txt", all_to_text(diagnostics) + "\n")


def test_every_code_has_a_case():
    shown = {path.stem.split("_")[0] for path in [*CASES, *FOLDERS, *HERE.glob("commands/E*.tdl")]}
    assert set(CODES) - shown == set(ELSEWHERE)
    assert len(shown) >= 50


@pytest.mark.parametrize(("code", "path"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_other_codes_are_tested_elsewhere(code, path):
    assert code in (HERE.parents[1] / path).read_text("utf-8")


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_json_holds_what_the_text_holds(path):
    for diagnostic in diagnose(path):
        told = json.loads(json.dumps(to_json(diagnostic)))
        assert (told["code"], told["message"]) == (diagnostic.code, diagnostic.message)
        assert told["hint"] == diagnostic.hint
        assert len(told["labels"]) == len(diagnostic.labels)
        if diagnostic.span is not None:
            start = (told["span"]["line"], told["span"]["column"])
            assert start == (diagnostic.span.line, diagnostic.span.col)
            assert start <= (told["span"]["end_line"], told["span"]["end_column"])
