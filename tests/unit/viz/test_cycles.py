"""Circles: broken wherever they are, and nothing else changes."""

from __future__ import annotations

from graphlib import TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from treadle.viz.cycles import without_cycles
from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import Kind, Part
from treadle.viz.style import Role

_ROLES = st.sampled_from([Role.FORWARD, Role.LEAF, Role.BACKWARD])


@st.composite
def pictures(draw):
    """Any arrows between few boxes, in an upward picture or not."""
    count = draw(st.integers(1, 9))
    ends = st.integers(0, count - 1)
    triples = draw(st.lists(st.tuples(ends, ends, _ROLES), max_size=25))
    boxes = tuple(Box(f"b{i}", Kind.VIEW, "op", (), Part.FORWARD, "") for i in range(count))
    arrows = tuple(Arrow(f"b{a}", f"b{b}", "", role) for a, b, role in triples)
    return Picture("any", "", boxes, arrows, draw(st.booleans()))


def sort(picture):
    sorter = TopologicalSorter()
    for arrow in picture.arrows:
        if not arrow.loose:
            upper, lower = picture.ends(arrow)
            sorter.add(lower, upper)
    sorter.prepare()  # raises CycleError


@given(pictures())
def test_no_circle_is_left(picture):
    sort(without_cycles(picture))


def test_without_circles_nothing_changes():
    boxes = tuple(Box(f"b{i}", Kind.VIEW, "op", (), Part.FORWARD, "") for i in range(3))
    arrows = tuple(Arrow(a, b, "", Role.FORWARD) for a, b in (("b0", "b1"), ("b0", "b2"), ("b1", "b2")))
    picture = Picture("plain", "", boxes, arrows)
    assert without_cycles(picture) == picture


@given(pictures())
def test_arrows_stay(picture):
    kept = [(arrow.tail, arrow.head, arrow.role) for arrow in without_cycles(picture).arrows]
    assert kept == [(arrow.tail, arrow.head, arrow.role) for arrow in picture.arrows]
