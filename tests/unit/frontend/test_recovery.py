"""Drafts: what is sound of a broken text is kept, mistakes are those of `parse`, nothing is parsed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.editing import NET
from treadle.errors import TreadleError
from treadle.frontend import ast, recovery
from treadle.frontend.parser import parse
from treadle.frontend.recovery import DraftReader
from treadle.source import Source

ROOT = Path(__file__).parents[3]
SPECS = sorted(ROOT.glob("specs/*/*.tdl"))[::6]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_sound_text_is_what_the_parser_reads(path):
    source = Source(path.name, path.read_text("utf-8"))
    draft = DraftReader().read(source)
    assert draft.spec == parse(source)
    assert draft.problems == ()


@pytest.mark.parametrize(
    ("before", "after", "statements"),
    [
        ("h |> dense(classes)", "h |> dense(", 6),
        ("h |> dense(classes)", "h |>", 6),
        ("h |> dense(classes)", "h.", 6),
        ("h |> dense(classes)", "", 6),
        ("softmax(logits)", '"', 6),
        ("metric right = accuracy(logits, y)\n}", "metric right = acc", 7),
        ("cross_entropy(logits, y)", "", 6),
    ],
)
def test_a_broken_line_costs_that_line_only(before, after, statements):
    text = NET.replace(before, after)
    source = Source("net.tdl", text)
    draft = DraftReader().read(source)
    model = next(block for block in draft.spec.blocks if isinstance(block, ast.Model))
    assert len(model.body) == statements
    with pytest.raises(TreadleError) as caught:
        parse(source)
    assert list(draft.problems) == caught.value.diagnostics


def test_unchanged_blocks_are_moved_and_not_parsed_again(monkeypatch):
    parsed = []
    real = recovery.parse_part
    monkeypatch.setattr(recovery, "parse_part", lambda *given: parsed.append(given) or real(*given))
    reader = DraftReader()
    reader.read(Source("net.tdl", NET))
    first = len(parsed)
    changed = Source("net.tdl", "const size = 3\n" + NET)
    draft = reader.read(changed)
    assert first == 5  # what stands before the first block is a part of its own
    assert len(parsed) == first + 1
    assert draft.spec == parse(changed)
    for node in ast.walk(draft.spec):
        assert node.span.source is changed
    spans = zip(ast.walk(draft.spec), ast.walk(parse(changed)), strict=True)
    assert all((a.span.start, a.span.end) == (b.span.start, b.span.end) for a, b in spans)


@pytest.mark.parametrize(
    "text",
    ["", "}", "model", "model X {", "((((", "x" * 10, "fn f(x) = " + "-" * 400 + "x", "\ufeff", "\x00"],
)
def test_any_text_is_read(text):
    draft = DraftReader().read(Source("net.tdl", text))
    assert isinstance(draft.spec, ast.Spec)
