"""What a page knows: layers that nest, wires with names, facts about nodes, kernels of nodes."""

from __future__ import annotations

import json
import re

import pytest

from treadle.driver import Program
from treadle.frontend.load import load_spec
from treadle.viz.build import joint_scene
from treadle.viz.html import html_chart, html_page
from treadle.viz.html.colours import darkened

SIMPLE = """model Net {
  input  x: f32[N, 4]
  target y: f32[N, 1]
  h = x |> dense(8) |> relu |> dense(1)
  loss mse(h, y)
}
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    path = tmp_path_factory.mktemp("specs") / "net.tdl"
    path.write_text(SIMPLE)
    graph = load_spec(path).models["Net"].graph
    text = html_page(joint_scene(graph), Program(graph), lambda path: path != ("dense_2",))
    return json.loads(re.search(r'id="document">(.*?)</script>', text, re.DOTALL)[1])


def node_of(document, label, view=1):
    return next(n for n in document["views"][view]["nodes"] if n["label"] == label)


def test_a_model_with_a_loss_is_switched_between_its_parts(document):
    """The page starts with what was asked for."""
    assert [mode["label"] for mode in document["modes"]] == ["forward", "backward", "joint"]
    assert document["modes"][document["first"]]["label"] == "joint"


def test_layers_are_clusters_that_are_open_or_not(document):
    clusters = document["views"][0]["clusters"]
    layers = {c["label"]: c for c in clusters if not c.get("chain")}
    assert set(layers) == {"dense", "dense_2"}
    assert ("open" in layers["dense"], "open" in layers["dense_2"]) == (True, False)
    assert layers["dense"]["faces"]["0"]["label"] == "dense\n40 parameters\n2 ops"
    assert all(-1 <= c["parent"] < at for at, c in enumerate(clusters))


def test_operands_have_the_names_of_the_op(document):
    nodes = document["views"][0]["nodes"]
    product = next(n for n in nodes if n.get("op") == "matmul")
    named = {wire["name"]: nodes[wire["from"]].get("name") for wire in product["wires"]}
    assert named == {"a": "x", "b": "dense.W"}


def test_the_users_own_line_comes_first(document):
    """A product of the library: the line of the spec that called the layer, then the library's."""
    product = next(n for n in document["views"][0]["nodes"] if n.get("op") == "matmul")
    places = [document["places"][number] for number in product["places"]]
    names = [document["sources"][place["source"]]["name"] for place in places]
    assert (names[0].endswith("net.tdl"), places[0]["from"][0]) == (True, 4)
    assert names[1] == "stdlib/dense.tdl"
    assert "x |> dense(8) |> relu" in document["sources"][places[0]["source"]]["lines"]["4"]


def test_a_product_has_its_kernels_and_a_fused_op_those_of_its_readers(document):
    nodes = document["views"][0]["nodes"]
    product = next(n for n in nodes if n.get("op") == "matmul")
    texts = [document["kernels"][number]["text"] for number in product["kernels"]]
    assert all("def kernel(meta, part, parts):" in text for text in texts)
    assert "kernelNote" not in product
    assert document["assumed"] == "assumed, since only data decides: N = 64"
    subtraction = next(n for n in nodes if n.get("op") == "sub")
    assert subtraction["kernels"]


def test_rules_are_shared_between_equal_nodes(document):
    nodes = [n for n in document["views"][1]["nodes"] if n.get("op") == "matmul"]
    lines = [document["rules"][n["rule"]]["lines"] for n in nodes]
    assert ["da = g @ bᵀ", "db = aᵀ @ g"] in lines
    texts = [json.dumps(rule) for rule in document["rules"]]
    assert len(set(texts)) == len(texts)


def test_a_chart_is_an_image():
    text = html_chart("Net: memory", '<svg viewBox="0 0 120.5 80"><script>alert(1)</script></svg>')
    assert '"width":120.5,"height":80.0' in text
    assert "alert(1)" not in text
    with pytest.raises(ValueError, match="viewBox"):
        html_chart("Net", "<svg/>")


def test_dark_colours_keep_their_hue_and_greys_stay_grey():
    blue, grey = darkened("#cfe2f7"), darkened("#f2f2f2")
    assert int(blue[5:], 16) > int(blue[1:3], 16)
    assert grey[1:3] == grey[3:5] == grey[5:]
