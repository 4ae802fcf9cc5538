"""Sweeps run every trial once, also when they are interrupted; failures are rows of the table."""

from __future__ import annotations

import csv

import pytest

from treadle.frontend.load import load_spec
from treadle.frontend.sweeps import plan_sweep
from treadle.train.sweep import Setup, run_sweep, write_results
from treadle.train.trial import read_result

SPEC = """
model Line(size = 2) {
  input x: f32[N, 2]
  target t: i64[N]
  logits = x |> dense(size) |> dense(2)
  loss cross_entropy(logits, t)
}
data Points {
  train = moons(30, test = 0.3)
  x = train.points
  t = train.labels
}
train Line on Points { optimizer sgd(0.1)   batch 4   epochs 2 }
sweep Line { optimizer.lr in [0.1, 1e30, 0.001] }
"""


@pytest.fixture
def sweep(tmp_path):
    """Runs the sweep of a spec in a folder, in this process unless told otherwise."""
    path = tmp_path / "line.tdl"

    def run(text=SPEC, stop_after=None, jobs=0):
        path.write_text(text)
        module = load_spec(path).module
        plan = plan_sweep(module, module.sweeps[0])
        setup = Setup(tmp_path / "out", path, device="numpy", jobs=jobs)
        trials = run_sweep(module, plan, setup)
        found = [next(trials) for _ in range(stop_after)] if stop_after else list(trials)
        trials.close()
        return found, write_results(setup.folder, plan, found)

    return run


def test_the_best_come_first_and_failures_last(sweep, tmp_path):
    _, rows = sweep()
    assert [row["status"] for row in rows] == ["done", "done", "failed"]
    assert rows[0]["score"] <= rows[1]["score"]
    assert "E0612" in rows[2]["error"]
    with (tmp_path / "out" / "results.csv").open(newline="") as stream:
        assert [row["optimizer.lr"] for row in csv.DictReader(stream)] == [
            row["optimizer.lr"] for row in rows
        ]
    assert (tmp_path / "out" / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_what_has_ended_is_not_run_again(sweep, tmp_path):
    sweep(stop_after=1)
    (first,) = (tmp_path / "out" / "trials").glob("001-*")
    before = (first / "trial.json").stat().st_mtime_ns
    found, _ = sweep()
    assert len(found) == 3
    assert (first / "trial.json").stat().st_mtime_ns == before


def test_a_trial_that_was_cut_off_begins_anew(sweep, tmp_path):
    sweep(stop_after=1)
    (first,) = (tmp_path / "out" / "trials").glob("001-*")
    (first / "trial.json").unlink()
    sweep(stop_after=1)
    assert read_result(first)["status"] == "done"


def test_an_edited_spec_is_run_again(sweep, tmp_path):
    sweep(stop_after=1)
    sweep(SPEC.replace("epochs 2", "epochs 1"), stop_after=1)
    assert len(list((tmp_path / "out" / "trials").glob("001-*"))) == 2


def test_processes_give_the_same_results(sweep, tmp_path):
    text = SPEC.replace("[0.1, 1e30, 0.001]", "[0.1, 0.01]")
    _, apart = sweep(text, jobs=2)
    for folder in (tmp_path / "out" / "trials").iterdir():
        (folder / "trial.json").unlink()
    _, here = sweep(text)
    assert [(row["optimizer.lr"], row["score"]) for row in apart] == [
        (row["optimizer.lr"], row["score"]) for row in here
    ]
