"""Compiled code gives what the reference gives on random graphs. Few, because compiling takes time; the
same property of lowering alone is tested on many in `tests/property/lower`."""

from __future__ import annotations

import numpy as np
from hypothesis import Phase, assume, given, settings

from support.meaning import results, sample_values
from support.random_graphs import graphs, is_tame
from treadle.backends.numba_cpu.backend import NumbaCpuBackend


@given(graph=graphs(steps=25))
@settings(max_examples=8, phases=[Phase.generate])
def test_compiled_code_agrees_with_the_reference(graph):
    values = sample_values(graph)
    assume(is_tame(graph, values))
    session = NumbaCpuBackend().compile({"p": graph}, threads=2)
    session.write("W", values["W"])
    found = session.run("p", {name: values[name] for name in graph.inputs})
    expected = results(graph, values)
    for one, other in zip(expected, [*found.values(), session.read("W")], strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-7, atol=1e-7)
