"""`treadle lsp` says what to install where its library is missing, and never imports what compiles."""

from __future__ import annotations

import subprocess
import sys

import pytest

from treadle.cli import app
from treadle.cli.commands import lsp

HEAVY = ("numba", "llvmlite", "sklearn", "matplotlib", "scipy")


def test_without_its_library_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(lsp, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as ended:
        app.main(["lsp"])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "E1007" in said
    assert 'pip install "treadle[lsp]"' in said


def test_the_server_compiles_nothing():
    program = f"import sys, treadle.lsp.server; print([m for m in {HEAVY!r} if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
