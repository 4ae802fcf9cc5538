"""What the server would show at a place of a spec: pages, definitions, completions, edits."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types as lsp

from support.editing import NET, at, examined, reading_of
from treadle.errors import CODES
from treadle.frontend.elaborate import generate, settings
from treadle.frontend.sweeps import plan
from treadle.lsp import edits, hover, navigation, outline, semantic, words
from treadle.lsp.diagnostics import to_lsp
from treadle.lsp.positions import Positions
from treadle.lsp.rename import Refused, rename
from treadle.source import Source

ROOT = Path(__file__).parents[3]
URI = "untitled:net.tdl"
UNITS = "utf-16"


@pytest.fixture(scope="module")
def net():
    return examined(NET)


def shown(found, place):
    page = hover.hover(found, at(found.reading.source.text, place), UNITS)
    return "" if page is None else page.contents.value


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("^h = x", ["h: f32[N, 8]", "value"]),
        ("input  ^x", ["x: f32[N, 4]", "input"]),
        (
            "|> den^se(classes)",
            ["layer dense(units: int", "fully connected layer", "dense_2.W: f32[8, 2]", "18 param"],
        ),
        ("model N^et", ["model Net(hidden = 8", "They tell points apart", "58 parameters"]),
        ("(hid^den = 8", ["hidden = 8", "declared as `hidden = 8` of `Net`"]),
        ("|> re^lu", ["relu(x)", "max(x, 0)", "built-in"]),
        ("= soft^max(logits)", ["fn softmax", "library"]),
        ("ad^am(1e-2)", ["optimizer adam(lr", "library"]),
        ("sk^learn(", ["sklearn(name, test", "built-in"]),
        ("bat^ch 16", ["examples in a step"]),
        ("keep be^st", ["which weights remain"]),
        ("tar^get y:", ["given while training"]),
        ("i^64[N]", ["integer, 64 bits"]),
        ("metric ri^ght", ["right: f32[]", "metric"]),
    ],
)
def test_hover(net, place, parts):
    page = shown(net, place)
    assert all(part in page for part in parts), page


def test_hover_tells_all_shapes_that_a_layer_meets():
    text = "layer d(u: int)(x: [..., I]) {\n  y = x |> dense(u)\n  return y\n}\n"
    text += "model M {\n  input x: [N, 3]\n  output x |> d(4) |> d(5)\n}\n"
    page = shown(examined(text), "  ^y = x")
    assert "y: f32[N, 4]" in page
    assert "y: f32[N, 5]" in page


def test_hover_explains_the_mistake_under_the_cursor():
    found = examined(NET.replace("|> relu", "|> rellu"))
    assert CODES["E0301"].explanation in shown(found, "rel^lu")


def test_every_settings_word_and_keyword_is_explained():
    assert set(words.TRAIN_SETTINGS) == settings.WORDS
    assert set(words.GENERATE_SETTINGS) == set(generate.WORDS)
    assert set(words.SWEEP_SETTINGS) == set(plan.WORDS)
    explained = " ".join(
        [*words.BLOCKS, *words.STATEMENTS, *words.PARTS, *words.TRAIN_SETTINGS, "best"]
    ).split()
    grammar = (ROOT / "grammar" / "treadle.lark").read_text("utf-8")
    keywords = {
        line.split("/")[1].removesuffix("\\b") for line in grammar.splitlines() if "\\b/" in line[:40]
    }
    assert keywords - {"NAME"} <= set(explained)


def test_definition_leads_to_the_name_the_library_and_the_last_assignment():
    text = NET.replace("logits = h", "h = h |> dense(8)\n  logits = h")
    reading = reading_of(text)

    def lines(place):
        return [
            (found.uri.rpartition("/")[2], found.range.start.line + 1)
            for found in navigation.definition(reading, URI, at(text, place), UNITS)
        ]

    assert lines("logits = ^h") == [(URI, 8)]
    assert lines("h = ^h |> dense(8)") == [(URI, 7)]
    assert lines("cross_entropy(^logits") == [(URI, 9)]
    assert lines("test.ri^ght")[0][0] == URI
    ((file, line),) = lines("= ^softmax(")
    assert file == "activations.tdl"
    library = (ROOT / "src" / "treadle" / "stdlib" / file).read_text("utf-8").splitlines()
    assert library[line - 1].startswith("fn softmax(")


def test_definition_opens_used_files(tmp_path):
    (tmp_path / "parts.tdl").write_text("const a = 1\nfn half(x) = x / 2\n", "utf-8")
    text = 'use "parts.tdl" as parts\nfn f(x) = parts.half(x)\n'
    reading = reading_of(text, tmp_path / "main.tdl")
    (found,) = navigation.definition(reading, "file:///main", at(text, "parts.ha^lf"), UNITS)
    assert (found.uri, found.range.start.line) == ((tmp_path / "parts.tdl").as_uri(), 1)
    (found,) = navigation.definition(reading, "file:///main", at(text, '"par^ts.tdl"'), UNITS)
    assert found.uri == (tmp_path / "parts.tdl").as_uri()


def test_highlights_tell_writing_from_reading(net):
    kinds = [one.kind for one in navigation.highlights(net.reading, at(NET, "^h = x"), UNITS)]
    assert kinds == [lsp.DocumentHighlightKind.Write, lsp.DocumentHighlightKind.Read]


def renamed(text, place, name):
    reading = reading_of(text)
    one = reading.table.at(at(text, place))
    assert one is not None
    (file,) = rename(one.symbol, name, [(URI, reading)])
    return file.changed(name)


def test_rename_changes_every_place_and_nothing_else():
    assert renamed(NET, "model N^et", "Mlp") == NET.replace("Net", "Mlp")
    assert renamed(NET, "hid^den = 8", "width") == NET.replace("hidden", "width")
    assert renamed(NET, "metric ri^ght", "share") == NET.replace("right", "share")
    assert renamed(NET, "as sm^all", "tiny") == NET.replace("small", "tiny")


def test_an_input_and_its_column_are_renamed_together():
    text = renamed(NET, "input  ^x", "features")
    assert "input  features: [N, 4]" in text
    assert "h = features |>" in text
    assert "features = train.data" in text


@pytest.mark.parametrize(
    ("place", "name", "reason"),
    [
        ("= soft^max(logits)", "soft", "belongs to the library"),
        ("sk^learn(", "iris", "belongs to the language"),
        ("^h = x", "logits", "means something else already"),
        ("^logits = h", "softmax", "means something else already"),
        ("^h = x", "2nd", "cannot be a name"),
        ("^h = x", "for", "cannot be a name"),
        ("model N^et", "Flowers", "means something else already"),
    ],
)
def test_rename_is_refused_with_the_reason(place, name, reason):
    with pytest.raises(Refused, match=reason):
        renamed(NET, place, name)


def test_rename_is_refused_where_data_or_patterns_fix_the_name():
    with pytest.raises(Refused, match="have a column `x`"):
        renamed(NET.replace("  x = train.data\n", ""), "input  ^x", "features")
    text = NET.replace("h = x |>", "enc = dense(3)\n  h = x |> enc |>")
    text = text.replace("batch 16", 'freeze "enc.*"\n  batch 16')
    with pytest.raises(Refused, match="not be right any more"):
        renamed(text, "^enc = dense", "encoder")


def test_outline_is_nested(net):
    found = outline.outline(net.reading, UNITS)
    assert [one.name for one in found] == ["Net", "Flowers", "train small", "sweep sizes"]
    assert [one.name for one in found[0].children] == [
        "x",
        "y",
        "probability",
        "loss cross_entropy(logits, y)",
        "right",
    ]
    for one in found:
        assert one.range.start.line <= one.selection_range.start.line <= one.range.end.line


def test_blocks_of_a_folder_are_found_by_letters():
    files = [("file:///a.tdl", Positions(Source("a.tdl", NET)))]
    assert [one.name for one in outline.workspace_symbols("flw", files)] == ["Flowers"]


def test_hints_are_the_shapes_of_what_is_given_a_name(net):
    found = semantic.hints(net, 0, len(NET), UNITS)
    texts = [(one.position.line + 1, one.label) for one in found]
    assert texts[:2] == [(7, ": f32[N, 8] ..."), (8, ": f32[N, 2]")]
    assert found[0].tooltip == "also f32[N, 16]"
    assert semantic.hints(net, 0, 10, UNITS) == []


def test_what_was_seen_of_an_older_text_serves_while_the_newer_one_is_examined(net):
    text = NET.replace("|> relu\n", "|> relu |> dropout(0.5)\n")
    seen = net.seen.moved(Source("net.tdl", text))
    spans = [seen.source.span(at(text, place), at(text, place) + length) for place, length in PLACES]
    assert [str(seen.at(span)[0]) for span in spans] == ["f32[N, 4]", "f32[N, 8]", "f32[N, 2]"]
    assert "dense_2" in seen.layers[at(text, "h |> ^dense(classes)")]


PLACES = [("h = ^x |>", 1), ("= ^h |> dense(classes)", 1), ("softmax(^logits)", 6)]


def test_tokens_and_folds_lie_where_the_names_and_bodies_are(net):
    data = semantic.tokens(net.reading, UNITS).data
    assert len(data) == 5 * len(net.reading.table.occurrences)
    folds = semantic.folds(net.reading)
    assert (2, 11) in [(fold.start_line, fold.end_line) for fold in folds]
    assert (0, 1) in [(fold.start_line, fold.end_line) for fold in folds]


def applied(text, changes):
    positions = Positions(Source("net.tdl", text))
    for edit in sorted(changes, key=lambda e: -positions.offset(e.range.start)):
        start, end = positions.offset(edit.range.start), positions.offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


def test_formatting_is_that_of_fmt():
    untidy = NET.replace("  h = x |> dense", "      h   = x|>dense").replace("batch 16", "batch   16")
    assert applied(untidy, edits.formatting(Source("net.tdl", untidy), UNITS)) == NET
    part = edits.formatting(Source("net.tdl", untidy), UNITS, (6, 6))
    assert applied(untidy, part) == untidy.replace("      h   = x|>dense", "  h = x |> dense")
    assert edits.formatting(Source("net.tdl", "model {"), UNITS) == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("|> rellu", "|> relu"),
        ("dense(hidden, biass = true)", "dense(hidden, bias = true)"),
        ("bach 16", "batch 16"),
        ("keep best test.rigt", "keep best test.right"),
        ("on Flower ", "on Flowers "),
    ],
)
def test_a_hint_becomes_a_repair(wrong, right):
    base = NET.replace("dense(hidden)", "dense(hidden, bias = true)")
    text = base.replace(right, wrong)
    assert text != base
    found = examined(text)
    actions = list(edits.repairs(found, URI, 0, len(text), UNITS))
    assert len(actions) == 1
    assert applied(text, actions[0].edit.changes[URI]) == base


def test_diagnostics_have_codes_pages_related_places_and_tags(tmp_path):
    text = "layer bad(u: int)(x: [N, I]) {\n  return x + zeros[N, u]\n}\nmodel M {\n  input x: [N, 3]\n"
    text += "  unread = 3\n  output x |> bad(4)\n}\n"
    found = examined(text)
    (one,) = to_lsp(found, URI, UNITS)
    assert (one.code, one.severity, one.source) == ("E0201", lsp.DiagnosticSeverity.Error, "treadle")
    assert one.code_description.href.endswith("E0201.md")
    assert any("bad(4)" in related.message for related in one.related_information)
    unread = to_lsp(examined(text.replace("zeros[N, u]", "zeros[N, I]")), URI, UNITS)
    assert "L0101" in [one.code for one in unread]
    assert [one.tags for one in unread if one.code == "L0101"] == [[lsp.DiagnosticTag.Unnecessary]]


def test_a_mistake_in_a_used_file_is_shown_at_its_use(tmp_path):
    (tmp_path / "parts.tdl").write_text("fn half(x) = (x / 2\n", "utf-8")
    found = examined('const a = 1\nuse "parts.tdl"\n', tmp_path / "main.tdl")
    (one,) = to_lsp(found, (tmp_path / "main.tdl").as_uri(), UNITS)
    assert one.range.start.line == 1
    assert one.related_information[0].location.uri == (tmp_path / "parts.tdl").as_uri()


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 11), ("utf-16", 8), ("utf-32", 7)])
def test_columns_count_the_units_that_were_agreed_on(encoding, column):
    source = Source("a.tdl", 'a = "😀é"\n')
    positions = Positions(source, encoding)
    assert positions.position(source.text.rindex('"')) == lsp.Position(0, column)
    for offset in range(len(source.text)):
        assert positions.offset(positions.position(offset)) == offset
