"""A full disk or a folder that is gone ends a training with an error; the last checkpoint stays good."""

import errno
import os
import shutil

import pytest

from support.trainings import Training, line_spec
from treadle.errors import TreadleError
from treadle.train.checkpoint import load_checkpoint
from treadle.train.events import EpochEnded

TEXT = line_spec("save every 4 steps   keep every 2 epochs   keep best test.loss")


def break_after(training, epochs, trouble):
    """Trains, with trouble after so many epochs; the diagnostic."""

    def train():
        for event in training.events():
            if isinstance(event, EpochEnded) and event.epoch == epochs:
                trouble()

    with pytest.raises(TreadleError) as caught:
        train()
    return caught.value.diagnostics[0]


def test_a_full_disk(tmp_path, monkeypatch):
    whole = Training(TEXT, tmp_path / "whole")
    whole.finish()
    first = Training(TEXT, tmp_path / "parts")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        problem = break_after(first, 2, lambda: patch.setattr("os.fsync", full))
    assert problem.code == "E0808"
    assert "No space left on device" in problem.message
    assert "--resume" in problem.hint
    assert load_checkpoint(first.folder.checkpoint("last")).facts["progress"]["epoch"] == 2
    assert not list((tmp_path / "parts").rglob(".*safetensors*")), "no half files"
    second = Training(TEXT, tmp_path / "parts")
    second.trainer.resume(second.folder)
    second.finish()
    assert second.leaves() == whole.leaves()
    assert second.folder.read_metrics() == whole.folder.read_metrics()


def test_a_disk_that_is_full_from_the_start(tmp_path, monkeypatch):
    """There is no checkpoint to go on from, and the message promises none."""
    training = Training(TEXT, tmp_path / "run")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TreadleError) as caught:
        training.finish()
    assert (caught.value.diagnostics[0].code, caught.value.diagnostics[0].hint) == ("E0808", None)


def test_a_folder_that_is_gone(tmp_path):
    training = Training(TEXT, tmp_path / "run")
    problem = break_after(training, 2, lambda: shutil.rmtree(tmp_path / "run"))
    assert problem.code == "E0808"
    assert "No such file or directory" in problem.message
    assert problem.hint is None
    assert not (tmp_path / "run").exists()


def test_rows_that_are_missing_are_noticed(tmp_path):
    training = Training(TEXT, tmp_path / "run")
    training.finish()
    lines = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    (tmp_path / "run" / "metrics.csv").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(TreadleError, match=r"metrics\.csv does not have a row for each of 4 epochs"):
        Training(TEXT, tmp_path / "run").trainer.resume(training.folder)
