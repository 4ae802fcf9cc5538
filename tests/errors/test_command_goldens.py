"""Mistakes that only commands meet: wrong data, checkpoints, options. What a person sees is the text beside.

The first line of each spec in `commands/` is the command that goes wrong. `support/workshop.py` makes
the files that it mentions.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from support.workshop import furnish
from treadle.cli import app
from treadle.errors import CODES, TreadleError
from treadle.train.data import Folders, Request
from treadle.train.data.sklearn_sets import read_with_sklearn

COMMANDS = Path(__file__).parent / "commands"
CASES = sorted(COMMANDS.glob("E*.tdl"))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workshop")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        furnish(folder, COMMANDS)
        yield folder


def command_of(path: Path) -> list[str]:
    words = shlex.split(path.read_text("utf-8").splitlines()[0])
    assert words[:2] == ["#", "treadle"]
    return words[2:]


@pytest.fixture
def fail(workshop, capsys):
    """Runs a command that must fail, and gives what it printed."""
    capsys.readouterr()

    def run(words):
        with pytest.raises(SystemExit) as caught:
            app.main(words)
        assert caught.value.code in {1, 2}
        return capsys.readouterr()

    return run


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_command_explains_what_is_wrong(path, fail, golden):
    printed = fail(command_of(path)).err
    assert printed.startswith(f"error[{path.stem.split('_')[0]}]: ")
    golden(path.with_suffix(".txt"), printed)


def test_missing_library(workshop, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    request = Request("sklearn", ("iris",), {}, Folders((workshop,)))
    with pytest.raises(TreadleError, match=r"E1007.*scikit-learn"):
        read_with_sklearn("iris", request)


@pytest.mark.parametrize("code", CODES)
def test_every_code_can_be_looked_up(code, capsys):
    app.app(["explain", code.lower()], standalone_mode=False)
    assert capsys.readouterr().out.startswith(f"{code}: {CODES[code].title}\n")


def test_nothing_that_existed_was_touched(workshop):
    assert (workshop / "picture.dot").read_text() == "digraph { }\n"
    assert (workshop / "flowers.csv").read_text().startswith("width,")


@pytest.mark.parametrize(
    "words",
    [
        ["train", "E0808_no_folder.tdl", "--run", "flowers.csv/run", "--device", "numpy", "--json"],
        ["check", "nothing.tdl", "--json"],
    ],
)
def test_json_says_the_same(words, fail):
    printed = fail(words)
    (problem,) = json.loads(printed.out)["diagnostics"]
    assert printed.err == ""
    assert problem["severity"] == "error"
    assert problem["title"]
    assert problem["message"]
