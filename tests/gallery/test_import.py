"""Exported gallery models come back as specs that compute the same."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

from gallery.test_exchange import OTHER_SIZE, needed, random_inputs
from treadle.backends.numpy_ref import evaluate
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec, load_text
from treadle.interop.models import inference_graph
from treadle.interop.onnx.export import OUTPUT, export
from treadle.interop.onnx.importing.importer import Imported, import_model
from treadle.interop.onnx.importing.printing import spec_text
from treadle.ir import Graph, bind
from treadle.train.programs import initial_values
from treadle.types import Dim

SAMPLE = ["lenet", "char_lstm", "vae", "gat", "transformer_encoder", "squeezenet", "bidirectional", "realnvp"]


@pytest.mark.parametrize("name", SAMPLE)
def test_imported_exports_mean_the_same(name: str) -> None:
    plan = next(iter(load_spec(gallery()[name]).trains.values()))
    graph = inference_graph(plan.eval)
    leaves = initial_values(plan.init, 0, 4)
    found = import_model(export(graph, leaves, name))
    (model,) = load_text(spec_text(found)).models.values()
    back = inference_graph(model)
    bound = bind(graph, dict.fromkeys(graph.symbols(), OTHER_SIZE) | {plan.eval.batch or "": 3})
    draws = [node for node in needed(bound) if node.op in {"random_normal", "random_uniform"}]
    bound.outputs |= {f"noise{number}": node for number, node in enumerate(draws, start=1)}
    inputs = random_inputs(bound)
    expected = evaluate(bound, inputs | {leaf: leaves[leaf] for leaf in bound.leaves()})
    results = evaluate(*bound_import(found, back, inputs | expected))
    for theirs, ours in found.outputs.items():
        np.testing.assert_allclose(results[OUTPUT + ours], expected[OUTPUT + theirs], rtol=1e-5, atol=1e-5)


def bound_import(found: Imported, graph: Graph, given: dict) -> tuple[Graph, dict]:
    """The graph of an import at the sizes of what it is given, and what it needs, by its own names."""
    values = {ours: given[theirs] for theirs, ours in found.inputs.items() if ours in graph.inputs}
    sizes = {
        str(dim): size
        for ours, value in values.items()
        for dim, size in zip(graph.inputs[ours].type.shape, value.shape, strict=True)
        if isinstance(dim, Dim)
    }
    bound = bind(graph, sizes)
    return bound, values | {path: found.weights[path] for path in bound.leaves()}
