"""Columns: long pictures are cut between layers, short ones are left alone, nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.viz.columns import in_columns
from treadle.viz.picture import Arrow, Box, Picture
from treadle.viz.scene import Kind, Part
from treadle.viz.style import Role


def chain(length: int, layers: int = 1) -> Picture:
    """Boxes one after the other, in layers of equal length."""
    size = length // layers
    boxes = [Box(f"b{i}", Kind.VIEW, "op", (f"layer[{i // size}]",), Part.FORWARD, "") for i in range(length)]
    arrows = [Arrow(f"b{i}", f"b{i + 1}", "", Role.FORWARD) for i in range(length - 1)]
    return Picture("chain", "", tuple(boxes), tuple(arrows))


def test_a_short_picture_is_left_alone():
    assert in_columns(chain(12)) == chain(12)


def test_a_long_picture_is_cut_between_layers():
    cut = in_columns(chain(60, layers=6))
    loose = [arrow for arrow in cut.arrows if arrow.loose]
    assert loose
    assert all(int(arrow.head[1:]) % 10 == 0 for arrow in loose)
    assert sum(arrow.role is Role.ASIDE for arrow in cut.arrows) == len(loose)


def test_arrows_that_go_round_are_no_reason_to_fail():
    picture = chain(40)
    back = Arrow("b39", "b0", "", Role.FORWARD)
    round_about = Picture("round", "", picture.boxes, (*picture.arrows, back))
    assert in_columns(round_about) == round_about


@given(st.integers(1, 80), st.integers(1, 6))
def test_boxes_and_arrows_stay(length, layers):
    picture = chain(length * layers, layers)
    cut = in_columns(picture)
    assert set(cut.boxes) == set(picture.boxes)
    drawn = [(arrow.tail, arrow.head) for arrow in cut.arrows if arrow.role is not Role.ASIDE]
    assert drawn == [(arrow.tail, arrow.head) for arrow in picture.arrows]
