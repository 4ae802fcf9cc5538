"""Kernels over rows: what a row writes is read in that row."""

from __future__ import annotations

import numpy as np

from support.loop_machine import Machine
from support.meaning import graph_of, results, sample_values, tensor
from treadle.backends.numpy_ref import evaluate
from treadle.driver import Program, optimise
from treadle.frontend.load import load_text
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


PARTS = """\
model A {
  input b: f32[N, 3, 4]
  places = cast(stack(positions(16) % 4, positions(16) // 4, axis = -1), f32)
  k = broadcast_to(concat(places, full([16, 2], 12.0), axis = -1), [N, 16, 4])
  near = argmax(expand_dims(k[..., 0], 2) * b[:, none, :, 0], axis = 2)
  output y = (one_hot(near, 3) @ b) * k
}
"""


def test_a_kernel_that_writes_one_part_of_a_concatenation_waits_for_the_others():
    graph = optimise(Program(load_text(PARTS).models["A"].graph, {"N": 2}))
    values = {"b": np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)}
    outputs, _ = Machine(lower(graph)).run(values)
    np.testing.assert_allclose(outputs["output:y"], evaluate(graph, values)["output:y"], rtol=1e-6)
