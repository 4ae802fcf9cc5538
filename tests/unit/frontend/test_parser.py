"""Specs parse to the trees that they show, with exact positions; what was printed parses to what it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from support.spec_texts import EVERYTHING, SPECS
from treadle.errors import TreadleError
from treadle.frontend import ast
from treadle.frontend.parser import parse
from treadle.frontend.spec_text import spec_to_text
from treadle.frontend.transform_exprs import MAX_INTEGER
from treadle.source import Source


def parse_text(text):
    return parse(Source("f", text))


def codes(text):
    with pytest.raises(TreadleError) as caught:
        parse_text(text)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def body(text, block="model M"):
    return parse_text(f"{block} {{ {text} }}").blocks[0].body


def items(text):
    return parse_text(f"train M {{ {text} }}").blocks[0].items


def name(text):
    return ast.Name(text, span=Source("f", "").span(0, 0))


def node_types(root):
    return {type(node) for node in ast.walk(root)}


def test_the_page_with_everything_uses_every_node():
    every = {value for value in vars(ast).values() if isinstance(value, type) and issubclass(value, ast.Node)}
    assert node_types(parse_text(EVERYTHING)) == every - {ast.Node, ast.Definition}


def test_printing_and_parsing_the_page_gives_the_same_tree():
    spec = parse_text(EVERYTHING)
    assert parse_text(spec_to_text(spec)) == spec


@given(SPECS)
@settings(max_examples=150)
def test_printing_and_parsing_any_tree_gives_the_same_tree(spec):
    parsed = parse_text(spec_to_text(spec))
    assert parsed == spec
    assert spec_to_text(parsed) == spec_to_text(spec)


def test_every_span_covers_the_text_of_its_node():
    """An expression cut out by its span parses to itself."""
    spec = parse_text(EVERYTHING)
    expressions = [
        node for node in ast.walk(spec) if isinstance(node, ast.Binary | ast.Call | ast.Index | ast.Pipe)
    ]
    assert len(expressions) > 100
    for node in expressions:
        (block,) = parse_text(f"const a = ({node.span.text})").blocks
        assert block.value == node


def test_children_lie_inside_their_parents():
    for node in ast.walk(parse_text(EVERYTHING)):
        for child in ast.children(node):
            assert node.span.start <= child.span.start <= child.span.end <= node.span.end


def test_comments_are_kept():
    assert parse_text("# a\nconst x = 1 # b\n").comments == ((0, "# a"), (16, "# b"))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\ufeff", " ; \n"])
def test_empty_files_are_specs(text):
    assert parse_text(text).blocks == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("1_000", 1000),
        (str(MAX_INTEGER), MAX_INTEGER),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("true", True),
        ("false", False),
        ('"a\\n\\"\\\\b\\t"', 'a\n"\\b\t'),
        ('"# {"', "# {"),
    ],
)
def test_literals(text, value):
    (block,) = parse_text(f"const a = {text}").blocks
    assert (block.value.value, type(block.value.value)) == (value, type(value))


@pytest.mark.parametrize(
    "word", ["input", "target", "output", "loss", "metric", "state", "param", "const", "require"]
)
def test_statement_words_are_names_where_they_begin_no_statement(word):
    assert body(f"{word} = {word}.train + {word}({word} = 1)[{word}]")[0].targets == (name(word),)
    assert body(f"x, {word} = y")[0].targets == (name("x"), name(word))
    assert body(f"state y = 0; {word} <- 1")[1].target == name(word)


@pytest.mark.parametrize(
    "word", ["train", "data", "model", "layer", "on", "over", "with", "batch", "where", "use"]
)
def test_block_words_are_names_inside_blocks(word):
    assert body(f"{word} = {word}.{word}")[0].value == ast.Attribute(name(word), word, span=name(word).span)


def test_update_and_comparison_with_a_negative_number_are_told_apart():
    update, compared = body("state a = 0; a <- b; c = a <-b")[1:]
    assert isinstance(update, ast.Update)
    assert (compared.value.op, compared.value.right.op) == ("<", "-")


def test_settings_stand_side_by_side():
    found = [
        (item.word, len(item.values), len(item.over))
        for item in items("batch 64  decay l2(1) over w, b  shuffle")
    ]
    assert found == [("batch", 1, 0), ("decay", 1, 2), ("shuffle", 0, 0)]


def test_settings_with_two_words():
    assert [item.word for item in items("stop when a.b  keep best a.c; stop = 1")[:2]] == [
        "stop when",
        "keep best",
    ]


def test_rules_of_keeping():
    found = items("keep best 3 by a.c   keep last 2  keep every 5 epochs  save every 9 steps  epochs 4")
    assert [(item.word, len(item.values)) for item in found] == [
        ("keep best", 2),
        ("keep last", 1),
        ("keep every", 2),
        ("save every", 2),
        ("epochs", 1),
    ]
    (named,) = items("save = 1")
    assert isinstance(named, ast.Assign)


def test_else_if_nests():
    (statement,) = body("if a { } else if b { x = 1 } else { y = 2 }")
    (nested,) = statement.otherwise
    assert (nested.condition, len(nested.then), len(nested.otherwise)) == (name("b"), 1, 1)


def test_short_bodies_return():
    (block,) = parse_text("fn f(x) = x").blocks
    assert block.short
    assert block.body[0].values == (name("x"),)


def test_kinds_and_types():
    (block,) = parse_text("layer l(a: int, b: bool, c: fn)(x: f64, y: [...], z: i64[N, 2*M]) { }").blocks
    assert [parameter.type.kind for parameter in block.config] == ["int", "bool", "fn"]
    assert [(parameter.type.dtype, len(parameter.type.dims)) for parameter in block.inputs] == [
        ("f64", 0),
        (None, 1),
        ("i64", 2),
    ]


def test_mistakes_in_several_blocks_are_reported_together_in_order():
    text = "model A { x = }\nmodel B { y = 1 }\nlayer c(x) { }\nconst d = (\nconst e = 1 2\n"
    assert sorted(codes(text)) == ["E0102", "E0106", "E0115", "E0117"]


def test_at_most_twenty_mistakes_are_reported():
    assert len(codes("model A { x = }\n" * 50)) == 20


@pytest.mark.parametrize(
    "text",
    [
        "1" + " + 1" * 300,
        "-" * 300 + "1",
        "2" + "^2" * 300,
        "f" + "()" * 300,
        "x" + ".y" * 300,
        "x" + " |> f" * 300,
    ],
)
def test_deep_trees_are_refused_before_anyone_follows_them(text):
    assert codes(f"const a = {text}") == ["E0903"]


@pytest.mark.parametrize("deep", ["(" * 99 + "1" + ")" * 99, "1" + " + 1" * 190, "[" * 90 + "]" * 90])
def test_depth_below_the_limit_is_fine(deep):
    assert len(parse_text(f"const a = {deep}").blocks) == 1


@pytest.mark.parametrize("unit", ["a=b;", "f(x);", "if a {};", "a |> b;", "x[1:2];"])
def test_long_texts_below_the_limits_parse(unit):
    count = 2_000
    assert len(body(unit * count)) == count
