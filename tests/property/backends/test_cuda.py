"""GPU kernels keep the meaning of random graphs: plans in the block simulator, on poisoned memory, give what
the reference interpreter gives."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from property.passes.test_meaning import loop_over
from support.block_sim import ORDERS
from support.cuda_machine import CudaMachine
from support.meaning import results, sample_values
from support.random_graphs import graphs, is_tame
from treadle.lower.lower import lower
from treadle.lower.target import LANES


def assert_simulated_equals(graph, order):
    values = sample_values(graph)
    assume(is_tame(graph, values))
    outputs, leaves = CudaMachine(lower(graph, target=LANES), order).run(values)
    found = [*outputs.values(), *(leaves[name] for name in graph.updates)]
    for one, other in zip(results(graph, values), found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-7, atol=1e-7)


@given(graph=graphs(steps=20), order=st.sampled_from(ORDERS))
@settings(max_examples=60)
def test_kernels_keep_the_meaning(graph, order):
    assert_simulated_equals(graph, order)


@given(graph=graphs(), body=graphs(steps=8), order=st.sampled_from(ORDERS))
@settings(max_examples=20)
def test_kernels_keep_the_meaning_of_loops(graph, body, order):
    assume(is_tame(body, sample_values(body)))
    assert_simulated_equals(loop_over(graph, body), order)
