"""The worked example of docs/weights.md: a network of PyTorch's gives the same probabilities here.

The file is what `save_file(net.state_dict(), ...)` writes there; what the network computes is written out in
NumPy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from treadle.frontend.load import load_text
from treadle.train.data.folders import Folders
from treadle.train.data.table import Table
from treadle.train.feeds import load_feeds
from treadle.train.prediction import predict
from treadle.train.programs import compile_training
from treadle.train.weights import load_weights

PAGE = (Path(__file__).parents[3] / "docs" / "weights.md").read_text("utf-8")
SPEC = PAGE.partition("```tdl\n")[2].partition("```")[0]


def foreign_weights():
    draw = np.random.default_rng(0)
    shapes = {"0.weight": (8, 4), "0.bias": (8,), "1.weight": (8,), "1.bias": (8,), "1.running_mean": (8,)}
    shapes |= {"3.weight": (3, 8), "3.bias": (3,)}
    values = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    values["1.running_var"] = draw.uniform(0.5, 2, 8).astype(np.float32)
    return values | {"1.num_batches_tracked": np.array(7)}


def as_pytorch_computes(x, w):
    hidden = x @ w["0.weight"].T + w["0.bias"]
    normed = (hidden - w["1.running_mean"]) / np.sqrt(w["1.running_var"] + 1e-5) * w["1.weight"] + w["1.bias"]
    logits = np.maximum(normed, 0) @ w["3.weight"].T + w["3.bias"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_the_worked_example(tmp_path):
    weights = foreign_weights()
    save_file(weights, tmp_path / "mlp.safetensors")
    checked = load_text(SPEC)
    plan = checked.trains["Net"]
    feeds = load_feeds(checked, plan, Folders((tmp_path,)))
    session = compile_training(plan, feeds, "numpy", None).session
    (report,) = load_weights(plan, session, Folders((tmp_path,)))
    assert (list(report.unexpected), report.missing, report.unused) == (["1.num_batches_tracked"], [], [])
    x = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    values = {name: session.read(name) for name in plan.eval.leaves}
    found = predict(plan.eval, values, Table({"x": x}), {}, "numpy", None)["p"]
    np.testing.assert_allclose(found, as_pytorch_computes(x, weights), rtol=1e-4, atol=1e-6)
