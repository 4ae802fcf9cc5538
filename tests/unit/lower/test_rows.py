"""Kernels over rows: what a row writes is read in that row."""

from __future__ import annotations

import numpy as np

from support.loop_machine import Machine
from support.meaning import graph_of, results, sample_values, tensor
from treadle.lower.lower import lower


def test_an_element_at_a_fixed_place_of_a_row_is_read_after_it_is_written():
    def middle_of_overlapping_windows(g, x):
        attrs = {"axes": (2,), "sizes": (2,), "strides": (1,), "dilations": (1,)}
        total = g.fold_windows(x, shape=(4, 5, 3), **attrs)
        return g.exp(g.slice(total, starts=(0, 0, 1), stops=(4, 5, 2), steps=(1, 1, 1)))

    graph = graph_of(middle_of_overlapping_windows, tensor(4, 5, 2, 2))
    values = sample_values(graph)
    outputs, _ = Machine(lower(graph)).run(values)
    np.testing.assert_allclose(outputs["y"], results(graph, values)[0])
