"""A training that diverges says which node, line and batch was first, and keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from support.trainings import Training
from treadle.errors import TreadleError
from treadle.train.checkpoint import load_checkpoint
from treadle.train.runs import RunFolder
from treadle.train.trained import latest_run

SPEC = """
model Net {
  input x: f32[N, 2]
  p = x |> dense(2) |> relu
  q = LAYER
  loss LOSS
}

layer risky()(a: [N, D]) -> [N, D] { return log(a) }

data Points {
  train = table([[0, 0], [0, 1], [1, 1], [1, 0]])
  x = train.values * SCALE
}

train Net on Points {
  optimizer sgd(RATE)   batch 2   epochs 9   seed 3
}
"""


def diverge(folder, loss, *, layer="p", scale="1.0", rate="0.05"):
    """The diagnostic of a training with this loss."""
    words = {"LOSS": loss, "LAYER": layer, "SCALE": scale, "RATE": rate}
    text = SPEC
    for word, by in words.items():
        text = text.replace(word, by)
    with pytest.raises(TreadleError) as caught:
        Training(text, folder).finish()
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0612"
    return problem


def test_the_forward_pass(tmp_path):
    problem = diverge(tmp_path, "mean(log(p[:, 0] * 0))")
    assert "`log` of f32[2] = 0 was the first to give -inf in 2 of 2 elements" in problem.message
    assert problem.span.text == "log(p[:, 0] * 0)"
    assert "step 1, batch 1: examples" in str([frame.text for frame in problem.chain])
    assert "log(x + 1e-7)" in problem.hint


def test_the_gradient(tmp_path):
    problem = diverge(tmp_path, "mean(p) + mean(sqrt(sum((p - stop_grad(p))^2, axis = 1)))")
    assert "loss became nan at step 2" in problem.message
    assert "`div`" in problem.message
    assert problem.span.text.startswith("sqrt(sum(")
    assert "gradient" in problem.chain[0].text
    assert "step 1, batch 1" in problem.chain[1].text
    assert "sqrt(x + 1e-7)" in problem.hint


def test_a_weight_that_no_loss_shows(tmp_path):
    problem = diverge(tmp_path, "mean(p) + mean(sqrt(sum((p - stop_grad(p))^2, axis = 1)))", rate="1e-3")
    assert "was the first to give" in problem.message


def test_a_layer_is_named_with_the_place_that_uses_it(tmp_path):
    problem = diverge(tmp_path, "mean(q)", layer="risky()(p * 0)")
    assert "layer `risky`" in problem.chain[0].text
    large = diverge(tmp_path / "b", "mean(q |> dense(4) |> dense(1))", layer="x |> dense(4)", rate="1e30")
    assert large.span.source.name == "stdlib/dense.tdl"
    assert [label.span.source.name for label in large.labels][:1] == [problem.span.source.name]


def test_the_data(tmp_path):
    problem = diverge(tmp_path, "mean(p)", scale="1e30 * 1e30")
    assert "`x`, the data, holds inf" in problem.message


def test_what_led_to_it_is_kept(tmp_path):
    diverge(tmp_path, "mean(log(p[:, 0] * 0))")
    with np.load(tmp_path / "failure" / "batch.npz") as archive:
        batch = dict(archive)
    table = np.array([[0, 0], [0, 1], [1, 1], [1, 0]], np.float32)
    np.testing.assert_array_equal(batch["x"], table[batch["rows"]])
    report = json.loads((tmp_path / "failure" / "report.json").read_text())
    assert (report["op"], report["line"], report["forward"]) == ("log", 6, True)
    assert report["operands"][0]["zeros"] == 2
    assert report["rows"] == batch["rows"].tolist()
    assert set(load_checkpoint(tmp_path / "failure" / "before.safetensors").values) == {"dense.W", "dense.b"}


def test_a_run_that_failed_at_once_is_not_the_one_to_use(tmp_path):
    for name, spec, state in (
        ("a", "net", "done"),
        ("net-2", "net", "failed"),
        ("net-two-1", "net-two", "done"),
    ):
        folder = RunFolder.create_at(tmp_path / name)
        folder.write_facts({"spec": f"specs/{spec}.tdl", "train": "Net", "seed": 0})
        folder.write_status(state)
        (folder.path / "last.safetensors").write_bytes(b"")
    assert latest_run(Path("net.tdl"), tmp_path) == tmp_path / "a", "by its spec, not its name"


def test_a_loss_of_another_split(tmp_path):
    """Training goes well; one example of `test` has a loss that is no number."""
    text = SPEC.replace("p = x |> dense(2) |> relu\n  q = LAYER", "q = x |> dense(2)")
    text = text.replace("LOSS", "mean(sum(q^2, axis = 1) * log(x[:, 0]))")
    text = text.replace("train = table([[0, 0], [0, 1], [1, 1], [1, 0]])", "train = table([[1, 0], [1, 1]])")
    text = text.replace(
        "x = train.values * SCALE", "test = table([[1, 0], [1, 1], [-1, 0]])\n  x = train.values"
    )
    with pytest.raises(TreadleError) as caught:
        Training(text.replace("RATE", "0.05"), tmp_path).finish()
    (problem,) = caught.value.diagnostics
    assert problem.code == "E0612"
    assert "test.loss became nan after step 1 (epoch 1): `log` of" in problem.message
    assert problem.span.text == "log(x[:, 0])"
    assert problem.chain[0].text == "evaluation of `test`, the forward pass"
    assert problem.chain[1].text == "step 1, batch 2: examples 2 of `test`"
    assert json.loads((tmp_path / "failure" / "report.json").read_text())["split"] == "test"
