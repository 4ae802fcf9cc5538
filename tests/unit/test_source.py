"""Offsets, lines and columns agree, whatever the line ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.source import Source


@pytest.mark.parametrize(
    ("offset", "location"),
    [(0, (1, 1)), (1, (1, 2)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (5, (3, 2)), (99, (3, 2))],
)
def test_location(offset, location):
    assert Source("f", "ab\n\nc").location(offset) == location


def test_line_text():
    source = Source("f", "ab\r\ncd")
    assert [source.line_text(line) for line in (0, 1, 2, 3)] == ["", "ab", "cd", ""]


def test_span_reads_as_a_place():
    span = Source("dir/net.tdl", "model A\n  x = 1\n").span(10, 11)
    assert (str(span), span.line, span.col, span.text) == ("dir/net.tdl:2:3", 2, 3, "x")


def test_spans_join():
    source = Source("f", "a + b")
    assert source.span(0, 1).to(source.span(4, 5)).text == "a + b"


@given(st.text(alphabet="ab\n", max_size=40), st.integers(0, 40))
def test_location_leads_back_to_the_offset(text, offset):
    source = Source("f", text)
    line, col = source.location(offset)
    assert source.line_starts[line - 1] + col - 1 == min(offset, len(text))


def test_a_place_in_the_library_knows_what_the_user_wrote():
    """The origin is the innermost place in the file where the chain of calls begins."""
    user, library = Source("net.tdl", "layer a\nmodel b"), Source("lib.tdl", "y + b")
    model, layer = user.span(8, 15), user.span(0, 7)
    inner = library.span(0, 5).within(library.span(0, 1).within(layer.within(model)))
    assert [str(place) for place in inner.callers()] == ["lib.tdl:1:1", "net.tdl:1:1", "net.tdl:2:1"]
    assert (inner.origin, model.origin) == (layer, model)
    assert inner == library.span(0, 5)
