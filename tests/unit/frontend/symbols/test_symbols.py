"""Names are resolved as the elaborator resolves them, and each at its place in the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.editing import NET, at, reading_of
from treadle.frontend import ast
from treadle.frontend.program import load_program
from treadle.frontend.symbols import Program

ROOT = Path(__file__).parents[4]
SPECS = sorted(ROOT.glob("specs/*/*.tdl"))
SAID_ELSEWHERE = {"train", "validation", "test", "no_improvement", "uniform", "log_uniform", "integers"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_name_of_the_gallery_is_resolved(path):
    module = load_program(path)
    table = Program().table(module)
    starts = set()
    for one in table.occurrences:
        assert one.span.text == one.symbol.name
        starts.add(one.span.start)
    for node in ast.walk(module.spec):
        if isinstance(node, ast.Name) and node.id not in SAID_ELSEWHERE:
            assert any(start in starts for start in (node.span.start, node.span.start + 1)), node


def lines_of(text: str, place: str) -> list[int]:
    """The lines on which the name at a place is written."""
    table = reading_of(text).table
    one = table.at(at(text, place))
    assert one is not None
    return [other.span.line for other in table.of(one.symbol.family())]


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("model N^et", [3, 21]),
        ("(hid^den = 8", [3, 7, 21, 28]),
        ("input  ^x", [4, 7, 17]),
        ("target y^:", [5, 11, 12, 18]),
        ("^h = x", [7, 8]),
        ("metric ri^ght", [12, 24]),
        ("data Flo^wers", [15, 21]),
        ("as sm^all", [21, 27]),
        ("on Flowers as small {\n  optimizer ^adam", [22]),
    ],
)
def test_a_name_is_found_wherever_it_is_meant(place, lines):
    assert lines_of(NET, place) == lines


SCOPES = """const w = 3
fn twice(f, w) = f(f(w))
fn all(w) = [w + i for i in [i * 2 for i in [1, w]]]
layer walk(n: int)(x: [N, T, I]) -> [N, T, n] {
  param W: [I, n] = zeros
  h = zeros[N, n]
  seen = scan t in x along T with h = h {
    w = x[t] @ W
    h = h + w
    yield h
  }
  later = fn(w) = w + h
  return later(seen)
}
const last = w
"""


@pytest.mark.parametrize(
    ("place", "lines"),
    [
        ("const ^w", [1, 15]),
        ("twice(f, ^w)", [2, 2]),
        ("all(^w)", [3, 3, 3]),
        ("for ^i in [i * 2", [3, 3]),
        ("for ^i in [1", [3, 3]),
        ("    ^w = x[t]", [8, 9]),
        ("  ^h = zeros", [6, 7, 7, 9, 9, 10, 12]),
        ("= fn(^w) = w", [12, 12]),
        ("^T, I]) ->", [4, 4, 7]),
        ("(^n: int)", [4, 4, 5, 6]),
    ],
)
def test_scopes_are_those_of_the_language(place, lines):
    assert lines_of(SCOPES, place) == lines


def test_arguments_and_members_belong_to_what_is_called():
    text = NET.replace("dense(classes)", "dense(units = classes, bias = false)")
    table = reading_of(text).table
    units = table.at(at(text, "dense(un^its"))
    assert units is not None
    assert units.symbol.home == "library"
    assert units.symbol.owner is not None
    assert units.symbol.owner.name == "dense"


def test_names_of_other_files_are_theirs(tmp_path):
    (tmp_path / "parts.tdl").write_text("fn half(x) = x / 2\nconst size = 4\n", "utf-8")
    path = tmp_path / "main.tdl"
    text = 'use "parts.tdl" as parts\nuse "parts.tdl"\nconst a = parts.size + size\nfn f(x) = parts.half(x)\n'
    table = reading_of(text, path).table
    size = table.at(at(text, "parts.si^ze"))
    assert size is not None
    assert Path(size.symbol.writes[0].source.name).name == "parts.tdl"
    assert [one.span.line for one in table.of([size.symbol])] == [3, 3]


def test_what_is_sound_of_a_broken_text_is_resolved():
    text = NET.replace("h |> dense(classes)", "h |> dense(")
    reading = reading_of(text)
    assert reading.problems
    assert lines_of(text, "^h = x") == [7]
    assert reading.table.at(at(text, "data Flo^wers")) is not None
