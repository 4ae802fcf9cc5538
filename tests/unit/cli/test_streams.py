"""Colours are for terminals and for who asks; no encoding and no line end stops a command."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from treadle.cli.live import Bar, Lines, make_view
from treadle.cli.streams import coloured


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "stream", "expected"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Terminal(), False),
    ],
)
def test_colours(monkeypatch, variables, stream, expected):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert coloured(stream) is expected


@pytest.mark.parametrize(("term", "expected"), [("dumb", Lines), ("xterm", Bar)])
def test_progress_suits_the_terminal(monkeypatch, term, expected):
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("TERM", term)
    assert isinstance(make_view(quiet=False), expected)


def treadle(*words: str, folder: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command in a process of its own."""
    environment = {**os.environ, **variables}
    words = (sys.executable, "-m", "treadle", *words)
    return subprocess.run(words, cwd=str(folder), env=environment, capture_output=True, check=False)


SPEC = "# Größe: 東京\nmodel Netz {\n  input x: f32[N, 4]\n  output größe = x |> dense(2)\n}\n"
BARE = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    "words", [["render", "netz.tdl"], ["summary", "netz.tdl"], ["check", "東京.tdl"], ["--help"]]
)
def test_characters_that_an_encoding_lacks_are_replaced(tmp_path, words):
    (tmp_path / "netz.tdl").write_text(SPEC, "utf-8")
    done = treadle(*words, folder=tmp_path, **BARE)
    assert done.returncode in {0, 1}
    assert b"internal error" not in done.stderr
    assert (done.stdout + done.stderr).isascii()


def test_a_training_in_a_file_has_no_control_characters(tmp_path):
    done = treadle("train", "xor_mlp", "--device", "numpy", "--epochs", "3", folder=tmp_path, TERM="xterm")
    assert done.returncode == 0
    assert not {b"\x1b", b"\r"} & {bytes([one]) for one in done.stdout}
    assert sum(line.startswith(b"epoch ") for line in done.stdout.splitlines()) == 3


def test_specs_with_line_ends_of_windows(tmp_path):
    (tmp_path / "netz.tdl").write_bytes(SPEC.replace("\n", "\r\n").encode())
    assert treadle("check", "netz.tdl", folder=tmp_path).returncode == 0
