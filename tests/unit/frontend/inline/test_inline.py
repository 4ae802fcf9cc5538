"""A rendered spec stands alone: checked without the library's help, it gives the very same graphs."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.errors import TreadleError
from treadle.frontend.inline import inlined_text
from treadle.frontend.load import check, load_text
from treadle.frontend.parser import parse
from treadle.frontend.program import Module, link, load_program
from treadle.ir import Graph
from treadle.ir.text_print import print_graph
from treadle.source import Source

ROOT = Path(__file__).resolve().parents[4]
SMALL = [
    "convolution/lenet",
    "first_networks/spam_net",
    "generative/wgan_gp",
    "representation/vae",
    "sequences/elman_rnn",
    "training/normalisation",
]


def module_of(text: str) -> Module:
    return link(Source("spec.tdl", text))


def said(graph: Graph) -> str:
    """A graph as text, without the places in the spec."""
    return print_graph(graph, comments=False)


@pytest.mark.parametrize("name", SMALL)
def test_rendered_spec_has_the_same_graphs(name, monkeypatch):
    module = load_program(ROOT / "specs" / f"{name}.tdl")
    wanted = check(module)
    text = inlined_text(module)
    monkeypatch.setattr("treadle.frontend.program._library_index", dict)
    monkeypatch.setattr("treadle.frontend.program.library_block", lambda _name: None)
    monkeypatch.setattr("treadle.frontend.elaborate.modules.library_block", lambda _name: None)
    found = load_text(text)
    assert list(found.trains) == list(wanted.trains)
    for model, graph in wanted.models.items():
        assert said(found.models[model].graph) == said(graph.graph)
        assert said(found.models[model].init) == said(graph.init)
    for train, plan in wanted.trains.items():
        for one, other in zip(found.trains[train].phases, plan.phases, strict=True):
            assert said(one.graph) == said(other.graph)


def test_defaults_are_written_out():
    text = inlined_text(module_of("model M(width = 3) { input x: [N, 2]\n output x |> dense(width) }\n"))
    assert "dense(width, bias = true, init = glorot_uniform)" in text
    assert "layer dense(units: int, bias = true" in text


def test_train_blocks_say_their_batch_and_seed():
    text = inlined_text(
        module_of(
            "model M(a = 2) { param t: [a] = zeros\n loss sum(t) }\ntrain M { optimizer sgd(0.1)\nsteps 1 }"
        )
    )
    train = text[text.index("train M") :]
    assert train.startswith("train M(a = 2) {")
    assert "batch 32\n" in train
    assert "seed 0\n" in train


def test_files_that_are_used_are_resolved(tmp_path):
    (tmp_path / "parts.tdl").write_text("fn twice(x) = 2 * x\nlayer dense()(x) { return twice(x) }\n")
    (tmp_path / "net.tdl").write_text(
        'use "parts.tdl" as parts\nmodel M {\n  input x: [N, 4]\n  output x |> parts.dense() |> dense(3)\n}\n'
    )
    module = load_program(tmp_path / "net.tdl")
    text = inlined_text(module)
    assert "use " not in text
    assert text.count("layer dense") == 2
    found, wanted = load_text(text).models["M"], check(module).models["M"]
    assert [leaf.type for leaf in found.leaves.values()] == [leaf.type for leaf in wanted.leaves.values()]


def test_one_model_brings_only_what_it_needs():
    module = module_of(
        "model A { input x: [N, 2]\n output x |> dense(1) }\nmodel B { input x: [N, 2]\n output relu(x) }\n"
    )
    text = inlined_text(module, "B")
    names = [block.name for block in parse(Source("b", text)).blocks]
    assert names == ["B"]


def test_unknown_model_is_refused():
    with pytest.raises(TreadleError, match="has no model `C`"):
        inlined_text(module_of("model A { input x: [N, 2]\n output x }\n"), "C")
