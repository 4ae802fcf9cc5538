"""The dot text: stable, complete, and safe for names with any characters in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.nets import N, f32, lenet, recurrent
from treadle.ir import Builder, Graph
from treadle.viz import picture_text
from treadle.viz.dot import picture_to_dot, quoted
from treadle.viz.graphviz import render
from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import Kind, Part
from treadle.viz.style import Role

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")

NASTY = [
    'say "hi"',
    "back\\slash",
    "\\N \\G \\l",
    "a<b>&c;&amp;",
    "{record|field}",
    "<b>bold</b>",
    "日本語 ünïcode 🧵",
    "// comment /* */ #",
    "];}",
    "tab\there",
    '"quoted"',
    "--> ->",
]


def test_the_text_is_the_same_each_time():
    assert picture_text(lenet()) == picture_text(lenet())


@needs_graphviz
def test_layers_and_loops_are_nested_clusters():
    command = ["dot", "-Tdot_json"]
    done = subprocess.run(command, input=picture_text(recurrent()).encode(), capture_output=True, check=True)
    objects = json.loads(done.stdout)["objects"]
    clusters = {o["label"]: o for o in objects if o["name"].startswith("cluster")}
    assert set(clusters) == {"rnn", "scan, 5 steps", "legend"}
    assert [objects[inner]["label"] for inner in clusters["rnn"]["subgraphs"]] == ["scan, 5 steps"]


def test_arrows_name_dimensions():
    assert " [N, 6, 14, 14] " in picture_text(lenet())


def test_the_legend_explains_only_what_is_there():
    text = picture_text(lenet())
    assert '"matrix product, convolution"' in text
    assert "random draw" not in text


@given(st.text())
def test_a_quoted_text_is_one_dot_string(text):
    inside = quoted(text)[1:-1]
    assert "\n" not in inside
    unescaped = inside.replace("\\\\", "").replace('\\"', "")
    assert '"' not in unescaped


@needs_graphviz
@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=20, max_size=20))
def test_any_texts_can_be_laid_out(texts):
    """As words of boxes, arrows and frames, also turned round; the picture stays well-formed."""
    boxes = [
        Box(f"b{i}", Kind.VIEW, text, (texts[-i],), Part.FORWARD, text)
        for i, text in enumerate(texts, start=1)
    ]
    arrows = [Arrow(f"b{i}", f"b{i + 1}", text, Role.FORWARD) for i, text in enumerate(texts[1:], start=1)]
    picture = Picture(texts[0], texts[1], tuple(boxes), tuple(arrows))
    rendered = render(lambda _: picture_to_dot(picture), "svg", columns=("b2", "b1"))
    assert rendered.note == ""
    assert len(list(ET.fromstring(rendered.content).iter("{http://www.w3.org/2000/svg}g"))) > len(boxes)


@needs_graphviz
def test_any_name_is_shown_as_it_is():
    graph = Graph("net")
    g = Builder(graph)
    for name in NASTY:
        graph.outputs[f"output:{name}"] = g.exp(g.input(f"in {name}", f32(N)))
    command = ["dot", "-Tsvg"]
    svg = subprocess.run(command, input=picture_text(graph).encode(), capture_output=True, check=True).stdout
    shown = {text.text.strip() for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {f"output {name}".replace("\t", " ") for name in NASTY} <= shown
