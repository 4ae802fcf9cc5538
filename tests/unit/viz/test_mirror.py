"""Turning round: columns from left to right, the legend and the words in their order, labels untouched."""

from __future__ import annotations

import shutil

import pytest

from treadle.viz.columns import in_columns
from treadle.viz.dot import picture_to_dot
from treadle.viz.graphviz import render
from treadle.viz.mirror import mirrored
from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import Kind, Part
from treadle.viz.style import Role

LAID_OUT = r"""digraph treadle {
	graph [bb="0,0,100,50", label="title]", lp="50,45"];
	subgraph cluster_0 {
		graph [bb="60,0,90,40",
			label="pos=\"1,2\"",
			lp="70,30"
		];
		b0	[label="a\"];[", pos="80,20"];
	}
	b1	[pos="10,20"];
	legend0_0	[pos="5,5"];
	legend0_1	[pos="15,5"];
	b0 -> b1	[lp="40,20", pos="e,14.5,20 75,20 60,20 30,\
20 20,20"];
}
"""


def test_columns_from_right_to_left_are_turned_round():
    text = mirrored(LAID_OUT, ["b0", "b1"])
    assert 'pos="20,20"' in text
    assert 'pos="90,20"' in text
    assert 'pos="e,85.5,20 25,20 40,20 70,20 80,20"' in text


def test_frames_keep_their_words_at_the_left_and_as_they_are():
    text = mirrored(LAID_OUT, ["b0", "b1"])
    assert 'bb="10,0,40,40"' in text
    assert 'lp="20,30"' in text
    assert r'label="pos=\"1,2\""' in text
    assert r'label="a\"];["' in text


def test_the_legend_is_moved_and_not_turned():
    text = mirrored(LAID_OUT, ["b0", "b1"])
    assert 'legend0_0\t[pos="85,5"]' in text
    assert 'legend0_1\t[pos="95,5"]' in text


def test_columns_in_order_stay():
    assert mirrored(LAID_OUT, ["b1", "b0"]) == LAID_OUT.replace("\\\n", "")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_a_long_picture_is_drawn_in_columns():
    boxes = tuple(Box(f"b{i}", Kind.VIEW, f"op {i}", (), Part.FORWARD, "") for i in range(60))
    arrows = tuple(Arrow(f"b{i}", f"b{i + 1}", "", Role.FORWARD) for i in range(59))
    picture = in_columns(Picture("long", "", boxes, arrows))
    rendered = render(lambda _: picture_to_dot(picture), "svg", columns=picture.columns)
    assert rendered.note == ""
    assert b"op 59" in rendered.content
