"""Gallery specs are laid out by Graphviz in each way they can be drawn: a sample, small and large."""

from __future__ import annotations

import shutil

import pytest

from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.viz import Wish, draw, subject_of

pytestmark = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")

SAMPLE = [
    ("char_lstm", "forward"),
    ("resnet", "backward"),
    ("lenet", "joint"),
    ("wgan_gp", "second"),
    ("xor_mlp", "kernels"),
    ("digits_mlp", "memory"),
]


@pytest.mark.parametrize(("name", "what"), SAMPLE)
def test_a_spec_is_drawn(name, what, tmp_path):
    program = subject_of(load_spec(gallery()[name]), what)
    drawing = draw(program, tmp_path / "net.svg", Wish(what))
    assert drawing.boxes > 5
    assert b"</svg>" in drawing.path.read_bytes()
