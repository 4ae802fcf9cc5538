"""From a graph to dot text, for everything that can be drawn: compared with pictures that were looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.nets import lenet, recurrent, step
from treadle.driver import Program
from treadle.viz import Wish, picture_text

GOLDEN = Path(__file__).parents[2] / "golden" / "pictures"
GRAPHS = ("forward", "backward", "joint", "second", "kernels")


def program() -> Program:
    return Program(step(), {"N": 4})


@pytest.mark.parametrize("what", GRAPHS)
def test_the_picture_of_a_small_step_is_as_it_was(golden, what):
    golden(GOLDEN / f"{what}.dot", picture_text(program(), Wish(what)))


@pytest.mark.parametrize("what", GRAPHS)
@pytest.mark.parametrize("net", [lenet, recurrent])
def test_the_same_graph_gives_the_same_text(net, what):
    sized = Program(net(), {"N": 4})
    assert picture_text(sized, Wish(what)) == picture_text(Program(net(), {"N": 4}), Wish(what))


def test_backward_shows_what_it_takes_and_nothing_else_of_the_forward_part():
    text = picture_text(lenet(), Wish("backward"))
    assert "value of the forward part" in text
    assert "metric accuracy" not in text
    assert "d loss / d dense_3.W" in text


def test_second_says_of_what_it_is_the_gradient():
    text = picture_text(lenet(), Wish("second"))
    assert "the Hessian times the gradient" in text
    assert "d ½ |d loss|² / d dense.W" in text


def test_kernels_stand_in_their_part_of_the_step():
    text = picture_text(program(), Wish("kernels"))
    for part in ("forward", "backward", "update"):
        assert f'label="{part}"' in text
    assert "→ dense.W" in text


def test_arrows_of_kernels_carry_bytes():
    text = picture_text(Program(lenet(), {"N": 64}), Wish("kernels"))
    assert 'label=" 1.1 MiB "' in text
