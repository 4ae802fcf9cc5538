"""A diagnostic is printed with its line and caret in the right columns, and as JSON without loss."""

from __future__ import annotations

import json

import pytest

from treadle.errors import Diagnostic, Frame, Label
from treadle.errors.excerpt import WINDOW, excerpt
from treadle.errors.render import all_to_text, to_json, to_text
from treadle.source import Source

SOURCE = Source("x.tdl", "input x: [N, 784]\n" + "\n" * 10 + "  y = x @ W\n")


def span_of(text, source=SOURCE):
    start = source.text.index(text)
    return source.span(start, start + len(text))


def test_full_diagnostic():
    diagnostic = Diagnostic(
        "E0203",
        "matmul inner dimensions differ: 784 against 10",
        span_of("x @ W"),
        (Label(span_of("x: "), "x is [N, 784]"),),
        (Frame("dense(10)", span_of("y =")), Frame("model Net")),
        "write transpose(W)",
    )
    assert to_text(diagnostic).splitlines() == [
        "error[E0203]: matmul inner dimensions differ: 784 against 10",
        "   --> x.tdl:12:7",
        "    |",
        " 12 |   y = x @ W",
        "    |       ^^^^^",
        "    |",
        "    ::: x.tdl:1:7   x is [N, 784]",
        "  1 | input x: [N, 784]",
        "    |       ---",
        "    = in: dense(10) at x.tdl:12:3",
        "    = in: model Net",
        "    = hint: write transpose(W)",
    ]


def test_without_a_place():
    assert to_text(Diagnostic("E1001", "no such file: a.tdl")) == "error[E1001]: no such file: a.tdl"


def test_several_are_set_apart():
    one = Diagnostic("E1001", "a")
    assert all_to_text([one, one]) == "error[E1001]: a\n\nerror[E1001]: a"


def test_long_chains_are_shortened():
    chain = tuple(Frame(f"call {i}") for i in range(100))
    lines = to_text(Diagnostic("E0909", "too deep", chain=chain)).splitlines()
    assert len(lines) == 1 + 13
    assert lines[7] == "   = in: ... 88 more ..."
    assert lines[-1] == "   = in: call 99"


@pytest.mark.parametrize(
    ("text", "marked", "marks"),
    [
        ("a + b", "+", "  ^"),
        ("\ta + b", "+", "      ^"),
        ("漢字 + b", "+", "     ^"),
        ("漢字 + b", "字", "  ^^"),
        ("e\u0301 + b", "+", "  ^"),
    ],
)
def test_marks_stand_below_what_they_mark(text, marked, marks):
    assert excerpt(span_of(marked, Source("f", text))).marks == marks


def test_control_characters_are_not_sent_to_the_terminal():
    shown = excerpt(Source("f", "a\x1b[31m\u202eb").span(0, 1))
    assert shown.text == "a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("at", [0, 50, 500, 998])
def test_long_lines_are_windowed_around_the_mark(at):
    text = "".join(chr(ord("a") + i % 26) for i in range(1000))
    shown = excerpt(Source("f", text).span(at, at + 2))
    assert len(shown.text) <= WINDOW + 6
    assert shown.text[shown.marks.index("^") :].startswith(text[at : at + 2])


def test_marks_end_with_the_first_line():
    assert excerpt(Source("f", "ab\ncd").span(1, 5)).marks == " ^"


def test_json_holds_everything():
    diagnostic = Diagnostic("E0301", "who?", span_of("W"), (Label(span_of("y"), "here"),), (Frame("f"),), "h")
    data = json.loads(json.dumps(to_json(diagnostic)))
    assert data["span"] == {"file": "x.tdl", "line": 12, "column": 11, "end_line": 12, "end_column": 12}
    assert (data["code"], data["severity"], data["hint"]) == ("E0301", "error", "h")
    assert data["labels"][0]["text"] == "here"
    assert data["chain"] == [{"text": "f", "span": None}]
