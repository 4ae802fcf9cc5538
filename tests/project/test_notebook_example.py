"""The example notebook: its format is that of notebooks, and each cell runs in a notebook's shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "06-python" / "digits.ipynb"
BOOK = json.loads(NOTEBOOK.read_text("utf-8"))


@pytest.fixture
def shell() -> Iterator[object]:
    """A notebook's shell without a history."""
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    yield interactive.InteractiveShell.instance()
    interactive.InteractiveShell.clear_instance()


def test_format() -> None:
    """What version 4.5 of the format asks for; results are not kept."""
    assert (BOOK["nbformat"], BOOK["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in BOOK["cells"]]
    assert len(set(names)) == len(names)
    for cell in BOOK["cells"]:
        assert {"cell_type", "id", "metadata", "source"} <= set(cell)
        if cell["cell_type"] == "code":
            assert (cell["execution_count"], cell["outputs"]) == (None, [])


def test_cells_run(shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """From top to bottom, as `Run all` does; the attack fools the network."""
    monkeypatch.chdir(tmp_path)
    for cell in BOOK["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"])).raise_error()
    names = shell.user_ns
    assert names["history"]["test.accuracy"][-1] > 0.85
    right = [(names[answers] == names["digits"]).mean() for answers in ("answers", "fooled")]
    assert right[0] > 0.9
    assert right[1] < 0.6
    assert "parameters" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
