"""The formatter: what it makes uniform, what it keeps; every spec of the project is in its layout."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from support.grammar_specs import written
from treadle.errors import TreadleError
from treadle.frontend.format import MAX_LINE, format_source
from treadle.frontend.parser import parse
from treadle.source import Source

ROOT = Path(__file__).resolve().parents[4]
FILES = sorted(
    path for folder in ("specs", "src/treadle", "examples") for path in (ROOT / folder).rglob("*.tdl")
)
PARTS = {"library.md", "builtins.md"}  # show headers and statements alone, which are no blocks
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.name not in PARTS),
]
BLOCKS = [
    pytest.param(block, id=f"{page.name}:{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```tdl\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]


def formatted(text: str) -> str:
    return format_source(Source("spec.tdl", text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_the_project_are_formatted(path):
    text = path.read_text("utf-8")
    assert formatted(text) == text


@pytest.mark.parametrize("block", BLOCKS)
def test_code_on_the_pages_is_formatted(block):
    assert formatted(block) == block


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("const a=1\n\nconst  b = - a ^ -2", "const a = 1\n\nconst b = -a^-2\n"),
        ("fn f ( x ) = x [ 0 , : -1 ]", "fn f(x) = x[0, :-1]\n"),
        ("fn f(x)=x[1 : 2,..., :]", "fn f(x) = x[1:2, ..., :]\n"),
        ("fn f(x) = fn (y) = - y . shape [ 0 ]", "fn f(x) = fn(y) = -y.shape[0]\n"),
        ("model M{\n\n\noutput   x\n\n\n}", "model M {\n  output x\n}\n"),
        ("model M { a = 1;b = 2; }", "model M { a = 1;  b = 2 }\n"),
        ("model M { loss(a) ; }", "model M { loss (a) }\n"),
        ("train M { batch  3 seed -1 }", "train M { batch 3   seed -1 }\n"),
        (
            "train M {\n  stop when x( a )  keep best b.c\n}",
            "train M {\n  stop when x(a)   keep best b.c\n}\n",
        ),
    ],
)
def test_spaces_become_uniform(written, wanted):
    assert formatted(written) == wanted


def test_comments_stay_where_they_stand():
    text = "#one\nmodel M {   # two\n# three\n  x = f(1, # four\n# five\n 2)\n      # six\n}\n# seven"
    assert formatted(text) == (
        "#one\nmodel M {  # two\n  # three\n  x = f(1,  # four\n        # five\n        2)\n"
        "  # six\n}\n# seven\n"
    )


def test_columns_that_line_up_still_do():
    text = "model M {\n  input   x: f32[N]\n  target  d: i64[N]   # a\n  metric  acc(x)      # b\n}\n"
    assert formatted(text) == (
        "model M {\n  input  x: f32[N]\n  target d: i64[N]  # a\n  metric acc(x)     # b\n}\n"
    )


def test_spaces_that_line_nothing_up_go():
    assert formatted("const a   = 1\n\nconst bcd    = 2\n") == "const a = 1\n\nconst bcd = 2\n"


def test_pipes_stand_below_pipes():
    text = "model M {\n  h = x |> f |> a\n |> g(1)  |> b\n  y =\n x\n}\n"
    assert formatted(text) == "model M {\n  h = x |> f |> a\n        |> g(1) |> b\n  y =\n    x\n}\n"


def test_headers_and_conditions_are_indented():
    text = 'layer f(a,\n b)(x)\n-> [N]\nwhere a > 1 else "m",\nb > 1 else "n"\n{ return x }\n'
    assert formatted(text) == (
        'layer f(a,\n        b)(x)\n  -> [N]\n  where a > 1 else "m",\n        b > 1 else "n"\n{ return x }\n'
    )


@pytest.mark.parametrize(
    "statement",
    [
        "y = x " + "|> dense(16) |> relu " * 9,
        "y = " + " + ".join(["long_name"] * 20),
        "y = f(" + ", ".join(["long_name"] * 20) + ")",
        "return g(" + ", ".join(["key = value"] * 15) + ", f(" + ", ".join(["1"] * 20) + "))",
    ],
)
def test_long_lines_are_cut(statement):
    text = formatted(f"layer f()(x) {{\n  {statement}\n}}\n")
    assert max(map(len, text.splitlines())) <= MAX_LINE
    assert formatted(text) == text


@pytest.mark.parametrize("seed", range(25))
def test_formatting_is_stable_and_keeps_the_meaning(seed):
    """With spaces and comments strewn in, generated specs say the same, and are settled at once."""
    rng = Random(seed)  # noqa: S311 - examples, not secrets
    ends = ["\n", "\n\n\n  ", "   # note\n", "\t\n", "\r\n", " ;\n# note\n"]
    strewn = re.sub(r"\n", lambda _: rng.choice(ends), written(rng))
    strewn = re.sub(r" ", lambda _: rng.choice([" ", " ", "   "]), strewn)
    try:
        spec = parse(Source("spec.tdl", strewn))
    except TreadleError:
        return  # what does not parse is not formatted
    once = formatted(strewn)
    assert formatted(once) == once
    assert parse(Source("spec.tdl", once)) == spec
