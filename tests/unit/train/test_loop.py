"""The loop is reproducible, can be interrupted and continued, stops and keeps what the spec says."""

import hashlib
import json
import math

import numpy as np
import pytest

from support.trainings import Training, line_spec
from treadle.errors import TreadleError
from treadle.train.checkpoint import load_checkpoint
from treadle.train.events import EpochEnded, Finished, Started, Stepped
from treadle.train.prediction import predict


def timeless(events):
    """Events without what a clock measures."""
    kinds = {
        Started: ("epochs", "steps_per_epoch", "sizes"),
        Stepped: ("epoch", "step", "step_in_epoch", "values"),
    }
    kinds |= {
        EpochEnded: ("epoch", "step", "values", "improved"),
        Finished: ("reason", "epoch", "step", "best_epoch"),
    }
    return [tuple(getattr(event, name) for name in kinds[type(event)]) for event in events]


def test_the_same_seed_gives_the_same_training(tmp_path):
    one, two = (Training(line_spec(), tmp_path / name) for name in "ab")
    assert timeless(one.events()) == timeless(two.events())
    assert one.leaves() == two.leaves()


def test_another_seed_gives_another_training(tmp_path):
    one, two = Training(line_spec(), tmp_path / "a"), Training(line_spec(), tmp_path / "b", seed=4)
    assert timeless(one.events()) != timeless(two.events())


def test_events_count_epochs_and_steps(tmp_path):
    started, *middle, finished = Training(line_spec(), tmp_path).events()
    assert (started.epochs, started.steps_per_epoch) == (4, 4)  # 37 examples, 8 at a time
    assert started.sizes == {"train": 37, "test": 13}
    assert [event.step for event in middle if isinstance(event, Stepped)] == list(range(1, 17))
    assert [event.epoch for event in middle if isinstance(event, EpochEnded)] == [1, 2, 3, 4]
    assert (finished.reason, finished.epoch, finished.step) == ("done", 4, 16)


@pytest.mark.parametrize("steps", [1, 4, 6, 9])
def test_an_interrupted_training_continues_as_if_nothing_had_happened(tmp_path, steps):
    whole = Training(line_spec("keep best test.accuracy"), tmp_path / "whole")
    whole.finish()
    first = Training(line_spec("keep best test.accuracy"), tmp_path / "parts")
    for event in first.events():
        if isinstance(event, Stepped) and event.step == steps:
            first.trainer.stop()
    assert event.reason == "interrupted"
    assert event.step == steps
    second = Training(line_spec("keep best test.accuracy"), tmp_path / "parts")
    second.trainer.resume(second.folder)
    last = second.finish()
    assert last.step == 16
    assert second.leaves() == whole.leaves()


def test_interrupting_leaves_a_checkpoint(tmp_path):
    training = Training(line_spec(), tmp_path)
    for event in training.events():
        if isinstance(event, Stepped):
            training.trainer.stop()
    assert load_checkpoint(tmp_path).facts["progress"]["step"] == 1


def test_another_spec_cannot_continue_a_run(tmp_path):
    Training(line_spec(), tmp_path).finish()
    other = Training(line_spec().replace("dense(2)", "dense(3) |> dense(2)"), tmp_path)
    with pytest.raises(TreadleError) as caught:
        other.trainer.resume(other.folder)
    assert caught.value.diagnostics[0].code == "E0809"


def test_best_weights_are_those_of_the_best_epoch(tmp_path):
    training = Training(line_spec("keep best test.loss"), tmp_path)
    last = training.finish()
    losses = [row["test.loss"] for row in training.folder.read_metrics()]
    assert last.best_epoch == 1 + int(np.argmin(losses))
    assert last.best["test.loss"] == min(losses)
    assert set(load_checkpoint(training.folder.checkpoint("best")).values) == {"dense.W", "dense.b"}


def test_early_stopping(tmp_path):
    text = line_spec("stop when no_improvement(test.loss, patience = 2)").replace("adam(0.05)", "sgd(0.0)")
    last = Training(text, tmp_path, epochs=50).finish()
    assert (last.reason, last.epoch) == ("stopped early", 3)


@pytest.mark.parametrize(
    ("settings", "changes", "code"),
    [
        ("", {"batch": 38}, "E0711"),
        ("", {"keep_best": "test.acuracy"}, "E0613"),
        ("ema 1.5", {}, "E0604"),
        ("", {"keep_best": "validation.loss"}, "E0613"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_starts(tmp_path, settings, changes, code):
    with pytest.raises(TreadleError) as caught:
        Training(line_spec(settings), tmp_path, **changes)
    assert caught.value.diagnostics[0].code == code


def test_divergence_names_the_step_and_keeps_the_best_weights(tmp_path):
    text = line_spec("keep best test.loss").replace(
        "cross_entropy(logits, t)", "cross_entropy(logits, t) / sum(x * 0)"
    )
    with pytest.raises(TreadleError, match=r"became (nan|inf) at step 1 \(epoch 1\)") as caught:
        Training(text, tmp_path).finish()
    assert caught.value.diagnostics[0].code == "E0612"
    assert load_checkpoint(tmp_path).facts["progress"]["step"] == 0


def test_evaluation_counts_every_example_once(tmp_path):
    training = Training(line_spec(), tmp_path)
    last = training.finish()
    test = training.feeds["test"].table
    leaves = {name: training.programs.session.read(name) for name in ("dense.W", "dense.b")}
    scores = predict(training.plan.eval, leaves, test, {}, "numpy")["score"]
    assert last.values["test.accuracy"] == pytest.approx(
        np.mean(scores.argmax(1) == test.columns["t"]), abs=1e-6
    )
    shifted = scores - scores.max(1, keepdims=True)
    loss = np.log(np.exp(shifted).sum(1)) - shifted[np.arange(13), test.columns["t"]]
    assert last.values["test.loss"] == pytest.approx(loss.mean(), rel=1e-5)


def test_averaged_weights_are_evaluated_and_kept(tmp_path):
    decay, steps = 0.75, 5
    plain = [Training(line_spec(), tmp_path / str(n), steps=n, epochs=None) for n in range(1, steps + 1)]
    average = plain[0].programs.session.read("dense.W")
    for training in plain:
        training.finish()
        average = decay * average + (1 - decay) * training.programs.session.read("dense.W")
    training = Training(
        line_spec("ema 0.75"), tmp_path / "ema", steps=steps, epochs=None, keep_best="test.loss"
    )
    last = training.finish()
    np.testing.assert_allclose(training.programs.session.read("ema:dense.W"), average, rtol=1e-5)
    assert training.leaves()["dense.W"] == plain[-1].leaves()["dense.W"]
    best = load_checkpoint(training.folder.checkpoint("best")).values
    assert last.best_epoch == last.epoch
    np.testing.assert_allclose(best["dense.W"], average, rtol=1e-5)
    assert last.values["test.loss"] != plain[-1].finish().values["test.loss"]


def test_steps_cut_the_last_epoch_short(tmp_path):
    last = Training(line_spec(), tmp_path, steps=6, epochs=None).finish()
    assert (last.epoch, last.step) == (2, 6)


PHASES = """
model Pair {
  input x: f32[N, 2]
  a = dense(1)
  b = dense(1)
  output y = a(x) + b(x)
}

data Points {
  train = moons(40)
  x = train.points
}

train Pair on Points {
  phase first repeat 2 { minimize mean(a(x)^2) over a with sgd(0.1) }
  phase second { minimize mean((b(x) - 1)^2) over b with sgd(0.1) }
  batch 4  epochs 30  seed 0
}
"""


def test_phases_take_turns_and_have_names(tmp_path):
    training = Training(PHASES, tmp_path)
    events = list(training.events())
    assert events[0].steps_per_epoch == 3  # 10 batches, 3 in a step
    assert set(events[-1].values) == {"train.first.loss", "train.second.loss"}
    assert events[-1].values["train.first.loss"] < 0.05
    assert training.trainer.progress.runs == 3 * training.trainer.progress.step


def test_files_of_a_run(tmp_path):
    training = Training(line_spec("keep best test.loss"), tmp_path)
    training.finish()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("best.safetensors", "best.json", "last.safetensors", "last.json"),
        *("metrics.csv", "metrics.jsonl", "times.csv"),
        *("curve.png", "curve.svg"),
    }
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "curve.svg").read_text()
    told = json.loads((tmp_path / "last.json").read_text())
    assert told["sha256"] == hashlib.sha256((tmp_path / "last.safetensors").read_bytes()).hexdigest()
    rows = training.folder.read_metrics()
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert all(math.isfinite(value) for row in rows for value in row.values())
