"""Specs in notebooks: pictures, the cell magic, mistakes without a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import treadle

CELL = """model Tiny {
  input x: f32[N, 3]
  output y = x |> dense(2) |> relu
}
"""
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture
def shell():
    """A notebook's shell that knows the magic."""
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactive.InteractiveShell.instance()
    shell.run_line_magic("load_ext", "treadle")
    yield shell
    shell.run_line_magic("unload_ext", "treadle")
    interactive.InteractiveShell.clear_instance()


@needs_graphviz
def test_a_spec_shows_its_picture() -> None:
    shown = treadle.load("digits_mlp")._repr_mimebundle_()
    assert shown["image/svg+xml"].lstrip().startswith("<?xml")
    assert "DigitsMLP" in shown["image/svg+xml"]
    assert shown["text/plain"].startswith("<Spec digits_mlp")


def test_without_graphviz_it_is_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    shown = treadle.load(CELL)._repr_mimebundle_()
    assert shown["text/html"].startswith('<iframe srcdoc="&lt;!')
    assert shown["text/html"].count("<") == 2  # the page is quoted whole


def test_several_models_are_shown_as_text() -> None:
    assert "model B" in treadle.load(CELL + CELL.replace("Tiny", "B"))._repr_mimebundle_()["text/plain"]


def test_pictures_are_saved(tmp_path: Path) -> None:
    drawing = treadle.load(CELL).draw("kernels").save(tmp_path / "x.dot")
    assert drawing.boxes > 1
    assert (tmp_path / "x.dot").read_text().startswith("digraph")
    with pytest.raises(treadle.TreadleError, match="E1004"):
        treadle.load(CELL).draw().save(tmp_path / "x.dot")


def test_a_cell_is_a_spec(shell) -> None:
    picture = shell.run_cell_magic("treadle", "net --depth 1", CELL)
    assert repr(picture) == "<Picture of Tiny, forward>"
    net = shell.user_ns["net"].compile(device="numpy")
    assert net([[1, 2, 3]]).shape == (1, 2)


def test_a_mistake_in_a_cell_shows_the_line(shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%treadle\n" + CELL.replace("dense", "dens"))
    shown = capsys.readouterr().out
    assert "did you mean `dense`" in shown
    assert "3 |   output y = x |> dens(2)" in shown
    assert "Traceback" not in shown
    shell.run_cell("%%treadle --whatever x\n" + CELL)
    assert "E1003" in capsys.readouterr().out
