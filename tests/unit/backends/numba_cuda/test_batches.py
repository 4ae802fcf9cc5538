"""Calls of one kernel that run together: which do, and that they compute what they compute alone."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import ORDERS
from support.cuda_machine import CudaMachine
from support.meaning import results, sample_values
from treadle.backends.numba_cuda.batches import MOST_CALLS, batch_key, batch_steps
from treadle.backends.numba_cuda.kernel import Launch
from treadle.ir import Builder, Graph
from treadle.lower.batch import batched
from treadle.lower.lower import lower
from treadle.lower.plan import BatchCall
from treadle.lower.target import LANES
from treadle.types import DType, TensorType

SIZES = (3, 700, 40, 257, 5)


def optimizer(sizes=SIZES):
    """Gradient steps on parameters of these sizes, limited by the norm of all of them."""
    graph = Graph("steps")
    g = Builder(graph)
    params = [g.param(f"W{n}", TensorType(DType.F32, (size,))) for n, size in enumerate(sizes)]
    norms = [g.sum(g.mul(g.sin(p), p), axes=(0,)) for p in params]
    total = norms[0]
    for norm in norms[1:]:
        total = g.add(total, norm)
    for n, p in enumerate(params):
        graph.updates[f"W{n}"] = g.sub(p, g.mul(g.div(p, g.add(total, 1.0)), 0.1))
    graph.outputs["loss"] = total
    return graph


def together(plan):
    plan.calls = batched(plan.calls, batch_key, MOST_CALLS)
    return [call for call in plan.calls if isinstance(call, BatchCall)]


@pytest.mark.parametrize("order", ORDERS)
def test_batches_compute_what_single_calls_do(order):
    graph = optimizer()
    plan = lower(graph, target=LANES)
    before = len(plan.calls)
    assert max(len(batch.calls) for batch in together(plan)) == len(SIZES)
    assert len(plan.calls) <= before - len(SIZES) + 1
    values = sample_values(graph)
    outputs, leaves = CudaMachine(plan, order).run(values)
    found = [*outputs.values(), *(leaves[name] for name in graph.updates)]
    for one, other in zip(results(graph, values), found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5)


def test_a_call_overtakes_nothing_that_it_depends_on():
    graph = Graph("chain")
    g = Builder(graph)
    w = g.param("W", TensorType(DType.F32, (64,)))
    graph.outputs["first"] = first = g.sum(w, axes=(0,))
    graph.outputs["second"] = g.sum(g.mul(w, first), axes=(0,))
    assert not together(lower(graph, target=LANES))


def test_batches_of_similar_sizes_share_their_text():
    def text(count):
        (*_, batch) = together(lower(optimizer((300,) * count), target=LANES))
        (launch,) = batch_steps(batch).steps
        assert isinstance(launch, Launch)
        assert len(launch.args) == len(launch.source.params)
        return launch.source

    assert text(5) == text(7) != text(4)


def test_no_batch_exceeds_what_a_launch_can_pass():
    batches = together(lower(optimizer((300,) * 40), target=LANES))
    assert max(len(batch.calls) for batch in batches) == MOST_CALLS
    for batch in batches:
        (launch,) = batch_steps(batch).steps
        assert 8 * len(launch.args) <= 4096
