"""Completion: candidates without importing commands, and the scripts in a real bash."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from treadle.cli.commands import export, study
from treadle.cli.commands.completion import run as print_script
from treadle.cli.commands.runs import Order
from treadle.cli.completion import CHOICES, SHELLS, complete
from treadle.driver import STAGES
from treadle.errors import TreadleError
from treadle.viz import WHATS

SPEC = """\
model Small { input x: [N, 2]
 output x }
data Points { train = xor() }
train Small on Points as quick { }
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a spec, a run and a model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.tdl").write_text(SPEC)
    (tmp_path / "model.onnx").write_bytes(b"")
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "run.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["dr"], ["draw"]),
        (["check", "net"], ["net.tdl"]),
        (["check", "net.tdl", "digits_m"], ["digits_mlp"]),
        (["check", "runs/"], ["runs/first/"]),
        (["draw", "--wh"], ["--what"]),
        (["draw", "--what", "me"], ["memory"]),
        (["draw", "--what=me"], ["--what=memory"]),
        (["train", "net.tdl", "--name", ""], ["Small", "quick"]),
        (["train", "--resume", ""], ["runs/first"]),
        (["eval", "runs/f"], ["runs/first"]),
        (["runs", "fi"], ["first"]),
        (["import", "mod"], ["model.onnx"]),
        (["new", "--template", "tr"], ["transformer"]),
        (["explain", "E0203"], ["E0203"]),
        (["explain", "layer_n"], ["layer_norm"]),
        (["completion", ""], list(SHELLS)),
        (["nothing", ""], []),
        (["summary", "net.tdl", ""], []),
    ],
)
def test_candidates(folder, words, expected):
    assert complete(words) == expected


def test_choices_are_those_of_the_commands():
    assert CHOICES["--what"] == tuple(WHATS)
    assert CHOICES["--emit"] == tuple(STAGES)
    assert CHOICES["--to"] == tuple(export._ENDINGS)
    assert CHOICES["--only"] == tuple(study._STUDIES)
    assert CHOICES["--sort"] == tuple(one.value for one in Order)


def test_no_command_is_imported():
    program = (
        "import sys; from treadle.cli.completion import complete; complete(['train', '--'])\n"
        "heavy = {'numpy', 'numba', 'rich', 'treadle.train'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_unknown_shell_gets_a_suggestion():
    with pytest.raises(TreadleError) as caught:
        print_script("fihs")
    assert "did you mean `fish`" in (caught.value.diagnostics[0].hint or "")


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The script of a shell, and a command `treadle` beside it."""
    print_script(shell)
    path = folder / f"script.{shell}"
    path.write_text(capsys.readouterr().out)
    command = folder / "treadle"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m treadle "$@"\n')
    command.chmod(0o755)
    return path


def in_bash(folder: Path, path: Path, words: list[str]) -> list[str]:
    """What bash would offer: words as it splits them, the cursor at the last."""
    quoted = " ".join(f"'{word}'" for word in words)
    program = (
        f'PATH="{folder}:$PATH"; source "{path}"; complete -p treadle >/dev/null || exit 3\n'
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _treadle; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["treadle", "sum"], ["summary"]),
        (["treadle", "draw", "net.tdl", "--what", "=", "me"], ["memory"]),
        (["treadle", "draw", "net.tdl", "--what", "="], list(WHATS)),
        (["treadle", "train", "--name", "x", ""], None),
        (["treadle", "check", "ne"], ["net.tdl"]),
    ],
)
def test_bash_offers_them(folder, capsys, words, expected):
    offered = in_bash(folder, script("bash", folder, capsys), words)
    assert offered == expected if expected is not None else "digits_mlp" in offered


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_have_the_syntax_of_their_shell(folder, capsys, shell):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    path = script(shell, folder, capsys)
    subprocess.run([shell, "-n", str(path)], check=True)
