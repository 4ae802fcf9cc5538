"""The text of whole graphs: a forward graph, its training step after differentiation, after all passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.nets import lenet, recurrent
from treadle.autodiff import expand
from treadle.ir import Builder, Graph
from treadle.ir.text_parse import parse_graph
from treadle.ir.text_print import print_graph
from treadle.passes import order

HERE = Path(__file__).parent


def with_updates(graph: Graph) -> Graph:
    """One step of gradient descent on the loss."""
    g = Builder(graph)
    for name, leaf in graph.params.items():
        graph.updates[name] = g.sub(leaf, g.mul(g.grad(graph.outputs["loss"], leaf), 0.1))
    return graph


@pytest.mark.parametrize("make", [lenet, recurrent])
def test_stages(make, golden):
    graph = with_updates(make())
    expanded = expand.run(order.prepare(graph, verify=True))
    stages = {"graph": graph, "grad": expanded, "optimised": order.optimise(expanded, verify=True)}
    for stage, produced in stages.items():
        text = print_graph(produced)
        golden(HERE / f"{make.__name__}.{stage}.txt", text)
        assert print_graph(parse_graph(text)) == text
