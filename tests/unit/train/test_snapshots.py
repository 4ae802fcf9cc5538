"""Which checkpoints stay depends on the rules of the spec and on what the epochs gave."""

import math

import pytest

from support.trainings import Training, line_spec
from treadle.errors import TreadleError
from treadle.frontend.result import Cadence, KeepRules
from treadle.train.events import Stepped
from treadle.train.runs import resumed
from treadle.train.snapshots import Moment, Shelf, hits

EPOCHS = [Moment(4 * n, n, True, value) for n, value in enumerate([0.5, 0.7, math.nan, 0.6, 0.7], start=1)]


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        (KeepRules(), set()),
        (KeepRules(last=2), {16, 20}),
        (KeepRules(best=2), {8, 20}),
        (KeepRules(best=3), {8, 16, 20}),
        (KeepRules(every=Cadence(2, "epochs")), {8, 16}),
        (KeepRules(every=Cadence(10, "steps")), {20}),
        (KeepRules(last=2, save=Cadence(2, "epochs")), {8, 16}),
        (KeepRules(best=2, last=2, every=Cadence(3, "epochs")), {8, 12, 16, 20}),
    ],
)
def test_rules(rules, steps):
    assert Shelf(rules, "max").kept(EPOCHS) == steps


def test_smaller_is_better_for_losses_and_the_earlier_of_equals():
    assert Shelf(KeepRules(best=2), "min").kept(EPOCHS) == {4, 16}
    equal = [Moment(4 * n, n, True, 1.0) for n in (1, 2, 3)]
    assert Shelf(KeepRules(best=2), "min").kept(equal) == {4, 8}


def test_epochs_are_counted_at_their_end():
    assert not hits(Cadence(1, "epochs"), Moment(4, 1, False))
    assert hits(Cadence(1, "epochs"), Moment(4, 1, True))
    assert not hits(Cadence(1, "steps"), Moment(0, 0, False))


def test_the_folder_holds_what_the_rules_say(tmp_path):
    rules = "keep best 2 by test.loss   keep last 2   keep every 5 steps   save every 3 steps"
    training = Training(line_spec(rules), tmp_path)
    training.finish()
    losses = {row["step"]: row["test.loss"] for row in training.folder.read_metrics()}
    best = sorted(losses, key=lambda step: losses[step])[:2]
    assert set(training.folder.snapshots()) == {5, 10, 15, 12, *best}
    names = {path.suffix for path in (tmp_path / "checkpoints").iterdir()}
    assert names == {".safetensors", ".json"}


def test_snapshots_of_a_later_time_are_made_again(tmp_path):
    text = line_spec("keep every 2 steps   save every 5 steps")
    whole = Training(text, tmp_path / "whole")
    whole.finish()
    first = Training(text, tmp_path / "parts")
    for event in first.events():
        if isinstance(event, Stepped) and event.step == 9:
            break  # as if it was killed: the last save is that of step 5
    second = Training(text, tmp_path / "parts")
    second.trainer.resume(second.folder)
    assert set(second.folder.snapshots()) == {2, 4}
    second.finish()
    assert set(second.folder.snapshots()) == set(whole.folder.snapshots())
    assert second.leaves() == whole.leaves()
    assert second.folder.read_metrics() == whole.folder.read_metrics()


def test_a_run_goes_on_from_a_snapshot(tmp_path):
    """Back in the middle of an epoch, and killed at once: the run stands there, and ends as it did."""
    training = Training(line_spec("keep every 6 steps   keep best test.loss"), tmp_path)
    training.finish()
    leaves, rows = training.leaves(), training.folder.read_metrics()
    folder, start = resumed(training.folder.snapshot(6))
    assert folder.path == tmp_path
    Training(line_spec("keep every 6 steps   keep best test.loss"), tmp_path).trainer.resume(folder, start)
    assert set(folder.snapshots()) == {6}
    again = Training(line_spec("keep every 6 steps   keep best test.loss"), tmp_path)
    again.trainer.resume(folder)
    assert again.trainer.progress.step == 6
    again.finish()
    assert (again.leaves(), folder.read_metrics()) == (leaves, rows)
    assert set(folder.snapshots()) == {6, 12}


def test_what_no_training_can_go_on_from(tmp_path):
    training = Training(line_spec("keep best test.loss"), tmp_path)
    training.finish()
    assert resumed(tmp_path)[1] is None
    assert resumed(training.folder.checkpoint("last"))[1] is None
    with pytest.raises(TreadleError, match=r"no training goes on from .*best") as caught:
        resumed(training.folder.checkpoint("best"))
    assert "--weights" in caught.value.diagnostics[0].hint
    with pytest.raises(TreadleError, match="was not found") as caught:
        resumed(tmp_path / "lost.safetensors")
    assert "did you mean" in caught.value.diagnostics[0].hint
