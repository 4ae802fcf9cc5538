"""The layout pass keeps every offset, and only the line ends that separate statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import TreadleError
from treadle.frontend.layout import MAX_CHARACTERS, MAX_TOKENS, lay_out
from treadle.source import Source


def laid_out(text):
    return lay_out(Source("f", text)).text


@pytest.mark.parametrize(
    "text",
    [
        "f(a,\nb)",
        "[a\n, b]",
        "a +\nb",
        "a |>\n\n b",
        "a\n  |> b",
        "a # why\n  # and\n  |> b",
        "a = # why\n b",
        "model A\n{",
        "}\nelse {",
        "layer a()(b)\n  where x > 1",
        "layer a()(b)\n  -> [N]",
        "a and\nb",
        "layer a(b)\n  (c)",
        "a if b else\n  c",
    ],
)
def test_continued_lines_are_joined(text):
    assert "\n" not in laid_out(text)


@pytest.mark.parametrize(
    "text",
    ["a\nb", "a\n-b", "{ a\n(b) }", "f({\na })", "a = b\nwhere = c", "x\nwhere <- c", "nor\nb", '"a +"\nb'],
)
def test_other_line_ends_separate(text):
    assert laid_out(text) == text


def test_comments_are_kept_aside():
    layout = lay_out(Source("f", 'a = "# no" # yes\n'))
    assert layout.comments == ((11, "# yes"),)
    assert layout.text == 'a = "# no"      \n'


def test_byte_order_mark_is_ignored_at_the_start_only():
    assert laid_out("\ufeffa") == " a"
    assert [problem.code for problem in lay_out(Source("f", "a\ufeff")).problems] == ["E0114"]


@given(st.text(max_size=200))
def test_offsets_never_move(text):
    try:
        layout = lay_out(Source("f", text))
    except TreadleError:
        return
    assert len(layout.text) == len(text)
    assert all(new in (old, " ") for old, new in zip(text, layout.text, strict=True))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" " * (MAX_CHARACTERS + 1), "E0901"),
        ("a " * (MAX_TOKENS + 1), "E0901"),
        ("(" * 101, "E0902"),
        ("{[" * 51, "E0902"),
    ],
)
def test_limits(text, code):
    with pytest.raises(TreadleError) as caught:
        lay_out(Source("f", text))
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        ("f(a", [1]),
        ("f(a]", [3]),
        ("{ (a }", [2]),
        ("a)", [1]),
        ("{ {\n }\n", [0]),
        ("model A {\n  for i in x {\n}\nmodel B { }\n", [23]),
        ("const a = (1\nconst b = (2\nconst c = 3\n", [10, 23]),
        ("f([)", [2]),
    ],
)
def test_the_bracket_without_partner_is_blamed(text, blamed):
    assert [problem.span.start for problem in lay_out(Source("f", text)).problems] == blamed
