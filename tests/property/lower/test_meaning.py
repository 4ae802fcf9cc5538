"""Lowering keeps the meaning of random graphs: plans, run by a slow machine with poisoned memory, give what
the reference interpreter gives, outputs and updated leaves alike."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings

from property.passes.test_meaning import loop_over
from support.loop_machine import Machine
from support.meaning import results, sample_values
from support.random_graphs import graphs, is_tame
from treadle.ir import Graph
from treadle.lower.lower import lower


def assert_lowered_equals(graph: Graph) -> None:
    values = sample_values(graph)
    assume(is_tame(graph, values))
    outputs, leaves = Machine(lower(graph)).run(values)
    expected = results(graph, values)
    found = [*outputs.values(), *(leaves[name] for name in graph.updates)]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-7, atol=1e-7)


@given(graph=graphs(steps=25))
@settings(max_examples=150)
def test_lowering_keeps_the_meaning(graph):
    assert_lowered_equals(graph)


@given(graph=graphs(), body=graphs(steps=8))
@settings(max_examples=80)
def test_lowering_keeps_the_meaning_of_loops(graph, body):
    assume(is_tame(body, sample_values(body)))
    assert_lowered_equals(loop_over(graph, body))
