"""The memory plan as a picture: blocks that live at the same time lie apart, and the chart is a picture."""

from __future__ import annotations

from itertools import combinations

import pytest

from support.nets import lenet, recurrent, step
from treadle.driver import Program
from treadle.errors import TreadleError
from treadle.viz import Wish, draw
from treadle.viz.memory import memory_map
from treadle.viz.scene import Part

SIZED = {"step": Program(step(), {"N": 4}), "lenet": Program(lenet(), {"N": 8}), "loop": Program(recurrent())}


@pytest.mark.parametrize("name", SIZED)
def test_blocks_that_live_together_lie_apart(name):
    memory = memory_map(SIZED[name])
    assert memory.blocks
    for one, other in combinations(memory.blocks, 2):
        if one.first <= other.last and other.first <= one.last:
            assert one.offset + one.size <= other.offset or other.offset + other.size <= one.offset


@pytest.mark.parametrize("name", SIZED)
def test_the_arena_holds_all_blocks_and_the_peak(name):
    memory = memory_map(SIZED[name])
    assert max(block.offset + block.size for block in memory.blocks) == memory.arena
    assert memory.live[memory.peak] == max(memory.live) <= memory.arena


def test_a_step_has_its_parts_in_order():
    assert [part for part, _, _ in memory_map(SIZED["step"]).parts][:2] == [Part.FORWARD, Part.BACKWARD]


def test_sizes_that_only_data_decides_are_assumed_and_named():
    assert memory_map(Program(lenet())).note == "assumed, since only data decides: N = 64"


@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_the_chart_is_a_picture_of_each_format(tmp_path, ending, magic):
    drawing = draw(SIZED["step"], tmp_path / f"x.{ending}", Wish("memory"))
    assert drawing.path.read_bytes().startswith(magic)
    assert drawing.boxes == len(memory_map(SIZED["step"]).blocks)


def test_the_same_plan_gives_the_same_chart(tmp_path):
    svg = draw(SIZED["lenet"], tmp_path / "x.svg", Wish("memory")).path.read_text()
    again = draw(SIZED["lenet"], tmp_path / "y.svg", Wish("memory")).path.read_text()
    assert svg == again


def test_dot_cannot_say_a_chart(tmp_path):
    with pytest.raises(TreadleError) as caught:
        draw(SIZED["step"], tmp_path / "x.dot", Wish("memory"))
    assert caught.value.diagnostics[0].code == "E1010"
