"""Every op that ONNX can say means the same in ONNX Runtime; sizes stay open; the rest is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from support.op_samples import Case
from treadle.backends.numpy_ref import evaluate
from treadle.errors import TreadleError
from treadle.frontend.load import load_text
from treadle.interop import models
from treadle.interop.models import inference_graph
from treadle.interop.onnx.export import RULES, export
from treadle.ir import bind
from treadle.ir.retype import retype
from treadle.ops import REGISTRY
from treadle.passes import decompose
from treadle.types import DType

onnxruntime = pytest.importorskip("onnxruntime")

NOT_IN_ONNX = {  # ops without a form in ONNX, or without one for inference
    "conv_filter_grad", "fold_in", "random_normal", "random_uniform",
    "scatter_add_into", "log_gamma", "polygamma", "solve", "det", "eigenvectors", "fold_windows",
    "grad", "scan", "item",
}  # fmt: skip
CASES = [
    Case(op, sample, number)
    for op in REGISTRY
    if op.name in RULES
    for number, sample in enumerate(op.samples)
    if sample.attrs.get("size") != 1  # its positions are out of range: Treadle clamps them, ONNX refuses
]


def narrow(value):
    return value.astype(np.float32) if value.dtype == np.float64 else value


def run(model, inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [result.name for result in session.get_outputs()]
    wanted = {one.name: inputs[one.name] for one in session.get_inputs()}
    return dict(zip(names, session.run(None, wanted), strict=True))


def test_every_op_is_said_or_listed():
    composites = {op.name for op in REGISTRY if op.decompose is not None}
    leaves = {"input", "param", "state", "const", "table"}
    assert {op.name for op in REGISTRY} == set(RULES) | NOT_IN_ONNX | composites | leaves


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op_means_the_same(case):
    g, y = case.build()
    g.graph.outputs["output:y"] = y
    graph = retype(decompose.run(g.graph), DType.F64, DType.F32)
    inputs = {name: narrow(value) for name, value in case.values().items()}
    expected = evaluate(graph, inputs)["output:y"]
    found = run(export(graph, {}, "case"), inputs)["y"]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


SPEC = """\
model Net {
  input x: [N, T, 3]
  param w: [3, 4] = normal
  h = scan t in x along T with s = zeros[N, 4] { s = tanh(x[t] @ w + 0.5 * s); yield s }
  output last = s
  output flat = reshape(h, [N, T * 4])
  output noisy = s + normal[N, 4]
}
"""


def test_sizes_stay_open_and_draws_are_inputs():
    model = load_text(SPEC).models["Net"]
    graph = inference_graph(model)
    w = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    exported = export(graph, {"w": w}, "Net")
    for sizes in ({"N": 2, "T": 5}, {"N": 3, "T": 1}):
        x = np.random.default_rng(0).normal(size=(sizes["N"], sizes["T"], 3)).astype(np.float32)
        noise = np.ones((sizes["N"], 4), np.float32)
        found = run(exported, {"x": x, "noise1": noise})
        plain = bind(graph, sizes)
        expected = evaluate(plain, {"x": x, "w": w, "$rng": np.array([0, 0])})
        np.testing.assert_allclose(found["last"], expected["output:last"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found["flat"], expected["output:flat"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found["noisy"], expected["output:last"] + 1, rtol=1e-5, atol=1e-6)


def test_what_has_no_form_is_refused_by_name():
    model = load_text("model M {\n  input a: [3, 3]\n  output d = det(a)\n}\n").models["M"]
    with pytest.raises(TreadleError) as caught:
        export(inference_graph(model), {}, "M")
    assert caught.value.diagnostics[0].code == "E1301"


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(models, "find_spec", lambda _name: None)
    model = load_text("model M {\n  input a: [3]\n  output b = a + 1\n}\n").models["M"]
    with pytest.raises(TreadleError) as caught:
        models.model_to_onnx(model, {})
    assert caught.value.diagnostics[0].code == "E1302"
    assert "treadle[onnx]" in caught.value.diagnostics[0].hint
