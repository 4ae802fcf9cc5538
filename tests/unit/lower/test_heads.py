"""Products over batches that no single stride describes (heads of an attention) are single calls."""

from __future__ import annotations

import numpy as np
import pytest

from support.loop_machine import Machine
from support.meaning import graph_of, results, sample_values, tensor
from treadle.ir import Builder, Node
from treadle.lower.lower import lower
from treadle.lower.plan import LoopCall, MatmulCall, walk
from treadle.lower.target import LANES, ONE_THREAD, Target

BATCH, TIME, HEADS, WIDTH = 2, 5, 3, 4


def attention(g: Builder, q: Node, k: Node, v: Node) -> Node:
    """Scores, scaled, times values; heads lie side by side in the last axis."""

    def split(x: Node) -> Node:
        return g.transpose(g.reshape(x, shape=(BATCH, TIME, HEADS, WIDTH)), perm=(0, 2, 1, 3))

    scores = g.mul(g.matmul(split(q), g.transpose(split(k), perm=(0, 1, 3, 2))), 0.5)
    return g.transpose(g.matmul(g.tanh(scores), split(v)), perm=(0, 2, 1, 3))


GRAPH = graph_of(attention, *[tensor(BATCH, TIME, HEADS * WIDTH)] * 3)


@pytest.mark.parametrize("target", [ONE_THREAD, LANES])
def test_heads_are_one_product_with_an_epilogue(target: Target):
    calls = list(walk(lower(GRAPH, target=target).calls))
    products = [call for call in calls if isinstance(call, MatmulCall)]
    assert len(products) == 2
    assert not any(isinstance(call, LoopCall) for call in calls)
    assert products[0].c.shape == (BATCH * HEADS, TIME, TIME)
    assert products[0].a.shape == (BATCH, HEADS, TIME, WIDTH)
    assert products[0].epilogue.results


def test_heads_keep_their_meaning():
    values = sample_values(GRAPH)
    outputs, _ = Machine(lower(GRAPH)).run(values)
    np.testing.assert_allclose(outputs["y"], results(GRAPH, values)[0], rtol=1e-12)
