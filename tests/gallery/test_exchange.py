"""Every gallery model with outputs runs in ONNX Runtime, at two batch sizes, and agrees with NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.cases import SPECS
from treadle.backends.numpy_ref import evaluate
from treadle.frontend.gallery import gallery
from treadle.frontend.load import load_spec
from treadle.interop.models import inference_graph
from treadle.interop.onnx.export import OUTPUT, export
from treadle.ir import Graph, bind
from treadle.train.data.ranges import index_limits
from treadle.train.programs import initial_values

onnxruntime = pytest.importorskip("onnxruntime")

NAMES = sorted(path.stem for path in SPECS.glob("*/*.tdl"))
OTHER_SIZE = 5  # of symbolic dimensions other than the batch
NOT_IN_ONNX = {"rbm": "random draws inside of a loop"}  # by spec, what ONNX has no form for


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_IN_ONNX])
def test_exported_models_mean_the_same(name: str) -> None:
    plan = next(iter(load_spec(gallery()[name]).trains.values()))
    if not any(output.startswith(OUTPUT) for output in plan.eval.graph.outputs):
        pytest.skip("the model has no outputs")
    graph = inference_graph(plan.eval)
    leaves = initial_values(plan.init, 0, 4)
    model = export(graph, leaves, name)
    for batch in (3, 2):
        sizes = dict.fromkeys(graph.symbols(), OTHER_SIZE) | {plan.eval.batch or "": batch}
        bound = bind(graph, sizes)
        inputs = random_inputs(bound)
        draws = [node for node in needed(bound) if node.op in {"random_normal", "random_uniform"}]
        bound.outputs |= {f"noise{number}": node for number, node in enumerate(draws, start=1)}
        known = inputs | {leaf: leaves[leaf] for leaf in bound.leaves()}
        expected = evaluate(bound, known)
        found = run(model, inputs | expected)
        for title, value in found.items():
            wanted = expected[OUTPUT + title]
            scale = max(1.0, float(np.abs(wanted).max(initial=0)))
            np.testing.assert_allclose(value, wanted, rtol=0, atol=1e-4 * scale)


def needed(graph: Graph) -> list:
    ids = graph.ancestors(graph.outputs.values())
    return [node for node in graph if node.id in ids]


def random_inputs(graph: Graph) -> dict[str, np.ndarray]:
    random, limits = np.random.default_rng(0), index_limits(graph)
    values = {}
    for name, node in graph.inputs.items():
        shape = node.type.static_shape()
        if node.type.dtype.is_float:
            values[name] = random.standard_normal(shape).astype(np.float32)
        else:
            drawn = random.integers(limits.get(name, 2), size=shape)
            values[name] = drawn.astype(node.type.dtype.numpy_name)
    return values | {"$rng": np.array([3, 1]), "$step": np.array(0)}


def run(model, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [result.name for result in session.get_outputs()]
    wanted = {one.name: inputs[one.name] for one in session.get_inputs()}
    return dict(zip(names, session.run(None, wanted), strict=True))
