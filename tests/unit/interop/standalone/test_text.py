"""Pieces of Python text: brackets where operators need them, numbers that read back, lines that fit."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.interop.standalone.lines import WIDTH, wrapped
from treadle.interop.standalone.names import Names, identifier, leaf_word, scope_word
from treadle.interop.standalone.sources import all_helpers, helpers_with_callees
from treadle.interop.standalone.text import PRODUCT, SUM, UNARY, Text, infix, literal, size
from treadle.types import DType, symbol


def test_operands_get_brackets_where_they_bind_less() -> None:
    """Operators group from the left."""
    a, b = Text("a"), Text("b")
    rest = infix(a, "-", b, SUM)
    assert infix(rest, "-", rest, SUM).text == "a - b - (a - b)"
    assert infix(rest, "*", Text("-c", UNARY), PRODUCT).text == "(a - b) * -c"


@given(st.floats(width=32, allow_nan=False))
def test_a_float_reads_back(value: float) -> None:
    """As the 32-bit float it was."""
    text = literal(value, DType.F32).text.replace("np.inf", "1e999")
    assert np.float32(ast.literal_eval(text)) == np.float32(value)


@given(st.lists(st.from_regex(r"[a-z]{1,20}", fullmatch=True), min_size=1, max_size=40))
def test_long_statements_are_broken_and_mean_the_same(words: list[str]) -> None:
    """Inside of brackets only; a value without any gets some."""
    words = [f"{word}_" for word in words]
    for text in (f"{words[0]} = call({', '.join(words)})", f"{words[0]} = {' + '.join(words)}"):
        lines = wrapped(text, 4)
        assert max(map(len, lines)) <= WIDTH
        assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(text))


def test_sizes_are_said_by_the_names_of_the_module() -> None:
    """Functions of sizes stay functions."""
    n, t = symbol("N"), symbol("class")
    assert size(n * t + 1, {"N": "N", "class": "class_"}).text == "N*class_ + 1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("lambda", "lambda_"),
        ("block[2].attn", "block_2_attn"),
        ("größe", "größe"),
        ("2x", "v_2x"),
        ("max", "max_"),
        ("…", "value"),
        ("ﬁ", "fi"),
    ],
)
def test_any_text_becomes_an_identifier(given: str, expected: str) -> None:
    """Keywords and built-in names end in an underscore; letters are those that Python compares."""
    assert identifier(given) == expected
    assert expected.isidentifier()


def test_names_are_given_once() -> None:
    """Those taken before, too."""
    names, wanted = Names(["dense"]), ("x", "x", "dense", "W_2", "W_2")
    assert [names.new(word) for word in wanted] == ["x", "x2", "dense2", "W_2", "W_2_2"]


def test_leaves_and_layers_have_short_names() -> None:
    """States of optimizers are called what the optimizer calls them."""
    assert [leaf_word("block[2].attn.W_q"), leaf_word("adam.m:dense.W")] == ["W_q", "m"]
    assert [scope_word("encoder.block[2].dense_2"), scope_word("dense")] == ["dense", "dense"]


def test_helpers_come_with_what_they_call() -> None:
    """And without words to our own tools."""
    found = helpers_with_callees(all_helpers(["numpy_helpers"]), {"random_normal"})
    assert list(found) == ["halves", "philox", "draw_words", "random_normal"]
    assert "# type" not in "".join(all_helpers(["numpy_helpers", "loop_helpers"]).values())
