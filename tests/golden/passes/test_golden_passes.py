"""What each pass does to an example, as text: read `NAME.before.txt` beside `NAME.after.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.ir.text_parse import parse_graph
from treadle.ir.text_print import print_graph
from treadle.ir.verify import verify
from treadle.passes import order

HERE = Path(__file__).parent
PASSES = {step.name: step.run for step in (*order.PREPARE, *order.ORDER)}


@pytest.mark.parametrize("name", PASSES)
def test_example(name, golden):
    before = (HERE / f"{name}.before.txt").read_text("utf-8")
    graph = parse_graph(before)
    verify(graph)
    assert print_graph(graph) == before
    after = PASSES[name](graph)
    verify(after, after=name)
    golden(HERE / f"{name}.after.txt", print_graph(after))


def test_no_example_is_left_over():
    assert {path.name.split(".")[0] for path in HERE.glob("*.txt")} == set(PASSES)
