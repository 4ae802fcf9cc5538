"""Every example of every command runs, commands that read speak JSON, options mean the same everywhere."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from treadle.cli import app
from treadle.cli.command_table import command_table
from treadle.cli.lazy import COMMANDS
from treadle.cli.manual import PAGES

RATES = """\
model Line {
  input x: [N]
  param w: [] = 1
  loss mean((w * x)^2)
}
data D {
  train = table([[1], [2]])
  x = train.values[:, 0]
}
train Line on D { optimizer sgd(0.1)   batch 2   epochs 1 }
sweep Line as rates { optimizer.lr in [0.1, 0.2] }
"""
EXAMPLES = [(command, example) for command, page in PAGES.items() for example in page.examples]
# Words that make a command short: few steps, and no kernels to compile.
NUMPY = ("--device", "numpy")
SHORTER = {
    "train": (*NUMPY, "--steps", "2"),
    "eval": NUMPY,
    "predict": NUMPY,
    "generate": NUMPY,
    "study": (*NUMPY, "--rows", "8"),
    "gradcheck": ("--samples", "1"),
    "profile": ("--runs", "1"),
    "sweep": (*NUMPY, "--jobs", "0"),
}
ELSEWHERE = {"lsp": "tests/e2e/test_lsp_session.py speaks to it"}
SHARED = {  # options that several commands have, with their short forms
    "--output": "-o",
    "--quiet": "-q",
    "--json": None,
    "--force": None,
    "--name": None,
    "--model": None,
    "--device": None,
    "--seed": None,
    "--weights": None,
    "--data": None,
    "--threads": None,
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with what the examples mention: specs, runs of them, a model `net.onnx`."""
    folder = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("rates.tdl").write_text(RATES)
        for words in (
            "new net",
            "new gan --template gan",
            "train gan.tdl --quiet",
            "train net.tdl --quiet --run runs/first",
            "export runs/first -o net.onnx",
        ):
            assert ended(words) == 0, words
        for run in ("second", "net-20260101-1"):
            shutil.copytree("runs/first", f"runs/{run}")
        yield folder


def ended(example: str) -> int:
    """Runs a command line shortened; gives its exit code."""
    words = shlex.split(example)
    with pytest.raises(SystemExit) as caught:
        app.main([*words, *SHORTER.get(words[0], ())])
    return int(caught.value.code or 0)


@pytest.fixture
def at_desk(desk, monkeypatch):
    monkeypatch.chdir(desk)
    return desk


def test_every_command_has_a_page():
    assert list(PAGES) == list(COMMANDS)
    assert all(len(page.examples) >= 2 for page in PAGES.values())


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_example_runs(at_desk, capsys, command, example):
    if command in ELSEWHERE:
        pytest.skip(ELSEWHERE[command])
    words = example.removeprefix("treadle ")
    assert words.split()[0] == command
    code = ended(words)
    printed = capsys.readouterr()
    assert code == 0, printed.err
    if "--json" in words:
        told = json.loads(printed.out)
        keys = PAGES[command].keys
        assert {key for key in told if key not in keys} == set() or any(key.isupper() for key in keys)


@pytest.mark.parametrize("command", [name for name, page in PAGES.items() if page.keys])
def test_mistakes_are_json_too(at_desk, capsys, command):
    """One document on standard output, nothing on the other; also when the command line is wrong."""
    for words in ([command, "--json", "--no-such-option"], [command, "no/such/thing.tdl", "--json"]):
        with pytest.raises(SystemExit) as caught:
            app.main(words)
        printed = capsys.readouterr()
        told = json.loads(printed.out)
        assert printed.err == ""
        if caught.value.code:
            assert told.get("diagnostics")


def test_commands_with_json_are_those_whose_keys_are_known():
    speaking = {name for name, entry in command_table().items() if "--json" in spellings(entry)}
    assert speaking == {name for name, page in PAGES.items() if page.keys}


def test_options_are_spelled_alike_everywhere():
    for name, entry in command_table().items():
        for option in entry["options"]:
            long = next(one for one in option["names"] if one.startswith("--"))
            if long in SHARED:
                short = [one for one in option["names"] if not one.startswith("--")]
                assert short == ([SHARED[long]] if SHARED[long] else []), f"{name} {long}"
            assert option["help"], f"{name} {long}"
        assert all(argument["help"] for argument in entry["arguments"]), name


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_the_terminal(capsys, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    assert ended(f"{command} --help") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if "$ treadle" not in line) <= columns  # examples can be copied
    text = " ".join(line.strip(" │") for line in lines)
    for example in PAGES[command].examples:
        assert example in " ".join(text.split())
    options = [one for option in command_table()[command]["options"] for one in option["names"]]
    assert [one for one in options if one not in text] == []


def spellings(entry):
    return [name for option in entry["options"] for name in option["names"]]


def test_the_desk_is_not_the_checkout(at_desk):
    assert Path.cwd() == at_desk
