"""Files: the ending chooses the format, nothing existing is lost, mistakes are diagnostics."""

from __future__ import annotations

import shutil

import pytest

from support.nets import lenet
from treadle.errors import TreadleError
from treadle.viz import Wish, draw, picture_text

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def code_of(caught) -> str:
    return caught.value.diagnostics[0].code


def test_dot_needs_no_graphviz(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(lenet(), tmp_path / "new" / "net.dot")
    assert drawing.path.read_text() == picture_text(lenet())


@needs_graphviz
@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_the_ending_chooses_the_format(tmp_path, ending, magic):
    drawing = draw(lenet(), tmp_path / f"net.{ending}")
    assert drawing.path.read_bytes().startswith(magic)
    assert drawing.note == ""


def test_an_existing_file_stays_unless_told(tmp_path):
    path = tmp_path / "net.dot"
    path.write_text("mine")
    with pytest.raises(TreadleError) as caught:
        draw(lenet(), path)
    assert code_of(caught) == "E1004"
    assert path.read_text() == "mine"
    draw(lenet(), path, overwrite=True)
    assert path.read_text().startswith("digraph")


@pytest.mark.parametrize("name", ["net.jpeg", "net"])
def test_an_unknown_ending_lists_the_known(tmp_path, name):
    with pytest.raises(TreadleError, match="svg, png, pdf, dot") as caught:
        draw(lenet(), tmp_path / name)
    assert code_of(caught) == "E1010"


def test_a_folder_that_cannot_be_made_is_a_diagnostic(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TreadleError) as caught:
        draw(lenet(), tmp_path / "file" / "net.dot")
    assert code_of(caught) == "E1006"


def test_depth_folds_layers_and_refuses_zero(tmp_path):
    whole = draw(lenet(), tmp_path / "whole.dot")
    folded = draw(lenet(), tmp_path / "folded.dot", Wish(depth=1))
    assert folded.boxes < whole.boxes
    with pytest.raises(TreadleError) as caught:
        picture_text(lenet(), Wish(depth=0))
    assert code_of(caught) == "E1003"
