"""What is offered at a place: completions, signatures, patterns of blocks."""

from __future__ import annotations

import re

import pytest

from support.editing import NET, at, reading_of
from treadle.frontend.parser import parse
from treadle.lsp import words
from treadle.lsp.completion import complete
from treadle.lsp.items import resolve
from treadle.lsp.signatures import signature_help
from treadle.lsp.snippets import SNIPPETS
from treadle.source import Source


def labels(text, place):
    return [
        item.label for item in sorted(complete(reading_of(text), at(text, place)), key=lambda i: i.sort_text)
    ]


@pytest.mark.parametrize(
    ("before", "after", "first", "never"),
    [
        ("^# Two layers.", None, ["model", "layer", "train"], ["relu"]),
        ("  h = x", "  ^h = x", ["input", "loss", "x"], ["minimize"]),
        ("h |> dense(classes)", "h |> ^", ["dense", "h"], []),
        ("dense(classes)", "dense(^", ["units =", "bias =", "init ="], []),
        ("dense(classes)", "dense(classes, ^", ["bias =", "init ="], ["units ="]),
        ("adam(1e-2)", "^", ["adam", "sgd"], []),
        ("batch 16 ", "^", ["batch", "epochs", "keep best"], ["input"]),
        ("keep best test.right", "keep best test.^", ["loss", "right"], ["dense"]),
        ("on Flowers as small", "on ^", ["Flowers"], ["dense", "Net"]),
        ("train Net(hidden = 16)", "train ^", ["Net"], ["dense"]),
        ('sklearn("iris", test = 0.2)', "^", ["sklearn", "csv"], ["dense"]),
        ("x: [N, 4]", "x: ^", ["f32", "i64"], ["dense"]),
        ("hidden in [4, 8]", "^", ["hidden", "trials"], ["dense"]),
    ],
)
def test_completion(before, after, first, never):
    text = NET if after is None else NET.replace(before, after.replace("^", ""), 1)
    offset = 0 if after is None else NET.index(before) + after.index("^")
    found = [item.label for item in complete(reading_of(text), offset)]
    assert set(first) <= set(found)
    assert not set(never) & set(found)


def test_the_best_completions_come_first():
    text = NET.replace("h |> dense(classes)", "h |> ")
    kinds = {i.label: i.sort_text for i in complete(reading_of(text), at(text, "logits = h |> ^"))}
    assert kinds["dense"] < kinds["relu"] < kinds["adam"]


def first_labels(before, after, count):
    text = NET.replace(before, after.replace("^", ""), 1)
    found = complete(reading_of(text), NET.index(before) + after.index("^"))
    return [item.label for item in sorted(found, key=lambda item: item.sort_text)][:count]


def test_settings_lead_to_their_values_and_to_the_next_setting():
    assert first_labels("batch 16   epochs 2", "batch 16   e^", 2) == ["batch", "clip"]
    assert first_labels("keep best test.right", "keep best ^", 3) == ["test.", "train.", "validation."]
    assert first_labels("keep best test.right", "stop when no_improvement(^", 1) == ["test."]
    assert "global_norm" in first_labels("keep best test.right", "clip ^", 10)
    assert first_labels("keep best test.right", "decay l2(1e-3) over ^", 1) == ["biases"]


def test_completions_have_pages_when_they_are_looked_at():
    (item,) = (i for i in complete(reading_of(NET), at(NET, "|> ^relu")) if i.label == "gelu")
    assert item.documentation is None
    assert "fn gelu" in resolve(item).documentation.value


def test_files_are_completed(tmp_path):
    (tmp_path / "parts.tdl").write_text("const a = 1\n", "utf-8")
    reading = reading_of('use "', tmp_path / "main.tdl")
    assert [item.label for item in complete(reading, 5)] == ["parts.tdl"]


@pytest.mark.parametrize(
    ("call", "label", "active"),
    [
        ("dense(^", "dense(units: int, bias = true, init = glorot_uniform)", 0),
        ("dense(3, ^", "dense(units: int, bias = true, init = glorot_uniform)", 1),
        ("dense(3, init = ^", "dense(units: int, bias = true, init = glorot_uniform)", 2),
        ("dense(3)(^", "dense(x: [..., I])", 0),
        ("h |> flatten(^", "flatten(x, start = 1)", 1),
        ("concat([h, ^", None, None),
        ("where(h > 0, ^", "where(condition, a, b)", 1),
    ],
)
def test_signature_help(call, label, active):
    text = NET.replace("h |> dense(classes)", call.replace("^", ""))
    offset = NET.index("h |> dense(classes)") + call.index("^")
    found = signature_help(reading_of(text), offset)
    if label is None:
        assert found is None or found.signatures[0].label.startswith("concat(")
        return
    assert found is not None
    assert found.signatures[0].label == label
    assert found.active_parameter == active
    for param in found.signatures[0].parameters:
        start, end = param.label
        assert found.signatures[0].label[start:end].strip(", ")


@pytest.mark.parametrize("word", words.BLOCKS)
def test_snippets_are_specs(word):
    if word in ("use", "const"):
        assert word not in SNIPPETS
        return
    pattern = SNIPPETS[word]
    places = dict(re.findall(r"\$\{(\d+):([^{}]*)\}", pattern))
    text = re.sub(r"\$\{\d+:([^{}]*)\}", r"\1", pattern)
    text = re.sub(r"\$(\d)", lambda found: places[found[1]], text)
    assert text.startswith(word)
    parse(Source(f"{word}.tdl", text))
