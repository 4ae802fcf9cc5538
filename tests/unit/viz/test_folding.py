"""Folding: a depth, layers opened and closed by name, unknown names, and a depth that is chosen."""

from __future__ import annotations

import pytest

from support.nets import lenet
from treadle.errors import TreadleError
from treadle.ir import Builder, Graph
from treadle.viz import Wish, draw
from treadle.viz.build import forward_scene
from treadle.viz.draw import READABLE
from treadle.viz.folding import Folding, folding, layer_name
from treadle.viz.scene import LOOP_MARK, Element, Kind, Part

PATHS = [("enc",), ("enc", "block[0]"), ("enc", "block[0]", "attn"), ("enc", "block[1]", "attn"), ("dec",)]
ELEMENTS = [Element(str(i), Kind.VIEW, "op", path, Part.FORWARD) for i, path in enumerate(PATHS)]


def test_a_depth_folds_the_outermost_layer_that_lies_so_deep():
    assert Folding(2).folded(("enc", "block[0]", "attn")) == ("enc", "block[0]")
    assert Folding(2).folded(("enc",)) is None
    assert Folding(None).folded(("enc", "block[0]")) is None


def test_an_opened_layer_shows_its_layers_folded():
    folds = folding(ELEMENTS, 1, opened=["enc"])
    assert folds.folded(("enc",)) is None
    assert folds.folded(("enc", "block[0]", "attn")) == ("enc", "block[0]")
    assert folds.folded(("dec",)) == ("dec",)


def test_opening_a_layer_opens_those_around_it():
    folds = folding(ELEMENTS, 1, opened=["enc.block[0]"])
    assert folds.folded(("enc", "block[0]", "attn")) == ("enc", "block[0]", "attn")
    assert folds.folded(("enc", "block[1]", "attn")) == ("enc", "block[1]")


def test_the_end_of_a_name_means_all_such_layers():
    folds = folding(ELEMENTS, None, closed=["attn"])
    assert folds.folded(("enc", "block[0]", "attn")) == ("enc", "block[0]", "attn")
    assert folds.folded(("enc", "block[1]", "attn")) == ("enc", "block[1]", "attn")
    assert folds.folded(("dec",)) is None


@pytest.mark.parametrize(
    ("opened", "hint"),
    [("enc.block[2]", "enc.block[1]"), ("atn", "attn"), ("blok", "block"), ("zzz", "layers are: enc")],
)
def test_an_unknown_layer_is_answered_with_the_nearest(opened, hint):
    with pytest.raises(TreadleError) as caught:
        folding(ELEMENTS, None, opened=[opened])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E1003"
    assert hint in diagnostic.hint


def test_a_name_without_its_index_means_all():
    assert folding(ELEMENTS, None, closed=["block"]).closed == {("enc", "block[0]"), ("enc", "block[1]")}


def test_loops_have_no_name_of_their_own():
    assert layer_name(("rnn", f"scan, 5 steps{LOOP_MARK}n3", "cell")) == "rnn.cell"


def deep(layers: int) -> Graph:
    """A chain of layers with two layers in each."""
    graph = Graph("Deep")
    g = Builder(graph)
    x = g.input("x", lenet().inputs["image"].type)
    for number in range(layers):
        for inner in ("a", "b"):
            with g.at(None, f"block[{number}].{inner}"):
                x = g.tanh(g.exp(x))
    graph.outputs["output:y"] = x
    return graph


def test_a_large_picture_is_folded_until_it_is_readable_and_says_so(tmp_path):
    drawing = draw(deep(40), tmp_path / "x.dot")
    assert drawing.boxes == 42 <= READABLE
    assert drawing.note == "folded at depth 1; `--depth` shows more or less"


def test_a_depth_that_is_asked_for_is_kept(tmp_path):
    drawing = draw(deep(40), tmp_path / "x.dot", Wish(depth=99))
    assert (drawing.boxes, drawing.note) == (82, "")


def test_layers_are_those_that_hold_something():
    scene = forward_scene(lenet())
    folds = folding(scene.elements, None, closed=["dense_2"])
    assert folds.closed == {("dense_2",)}
