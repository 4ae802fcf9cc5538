"""Every command ends with 0, 1, 2 or 130 as documented (0: `test_manual`), and a closed pipe with 141."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module

import pytest

from treadle.cli import app
from treadle.cli.lazy import COMMANDS

PYTHON = (sys.executable, "-m", "treadle")
WRONG = {  # a mistake that each command can meet in an empty folder
    "new": ["net", "--template", "mlpp"],
    "check": ["nothing.tdl"],
    "summary": ["nothing.tdl"],
    "draw": ["nothing.tdl"],
    "train": ["nothing.tdl"],
    "runs": ["nothing"],
    "eval": ["runs/nothing"],
    "predict": ["runs/nothing"],
    "generate": ["runs/nothing"],
    "sweep": ["nothing.tdl"],
    "study": ["runs/nothing"],
    "weights": ["nothing.safetensors"],
    "export": ["nothing.tdl"],
    "import": ["nothing.onnx"],
    "gradcheck": ["nothing.tdl"],
    "profile": ["nothing.tdl"],
    "fmt": ["nothing.tdl"],
    "lint": ["nothing.tdl"],
    "render": ["nothing.tdl"],
    "explain": ["E9999"],
    "completion": ["bsh"],
}
NEVER_WRONG = {"lsp", "doctor"}  # unless packages are missing


def code_of(words: list[str]) -> int:
    """Runs a command line; gives its exit code."""
    with pytest.raises(SystemExit) as caught:
        app.main(words)
    return int(caught.value.code or 0)


def test_no_command_is_left_out():
    assert {*WRONG, *NEVER_WRONG} == set(COMMANDS)


@pytest.mark.parametrize("command", WRONG)
def test_a_mistake_ends_with_1(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert code_of([command, *WRONG[command]]) == 1
    assert capsys.readouterr().err.startswith("error[E")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_command_line_ends_with_2(command, capsys):
    assert code_of([command, "--no-such-option"]) == 2
    assert capsys.readouterr().err.startswith("error[E1019]")


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_ends_with_130(command, monkeypatch):
    def run() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module(f"treadle.cli.commands.{COMMANDS[command]}"), "run", run)
    assert code_of([command]) == 130


@pytest.mark.parametrize("words", [["explain"], ["check", "lenet", "--emit", "graph"], ["--help"]])
def test_a_closed_pipe_ends_quietly(words):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*PYTHON, *words], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["check", "x", "--jsno"], "--json"),
        (["draw", "lenet", "--what", "memroy"], "memory"),
        (["export", "lenet", "--to", "numppy"], "numpy"),
        (["export", "lenet", "--to", "onx"], "onnx"),
        (["train", "xor_mlp", "--device", "cudda"], "cuda"),
        (["check", "lenet", "--emit", "grpah"], "graph"),
        (["check", "lenett"], "lenet"),
        (["summary", "lenet", "--model", "Lenet"], "LeNet"),
        (["new", "net", "--template", "transfomer"], "transformer"),
        (["runs", "--sort", "stat"], "state"),
        (["runs", "frist"], "first"),
        (["eval", "runs/frist"], "runs/first"),
        (["weights", "runs/frist"], "runs/first"),
        (["train", "--resume", "runs/frist"], "runs/first"),
        (["explain", "conv2"], "conv2d"),
        (["completion", "bsh"], "bash"),
        (["trian"], "train"),
        (["study", "lenet", "--only", "surfaces"], "surface"),
    ],
    ids=" ".join,
)
def test_the_nearest_name_is_suggested(written, meant, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "run.json").write_text("{}")
    assert code_of(written) in {1, 2}
    assert f"did you mean `{meant}`?" in capsys.readouterr().err
