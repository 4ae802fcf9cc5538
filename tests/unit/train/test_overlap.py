"""A training on a device that computes while the next batch is prepared: same losses, one batch ahead."""

from __future__ import annotations

import numpy as np
import pytest

from support.cuda_programs import no_code
from support.recording_driver import ExecutingDriver
from support.trainings import line_spec
from treadle import driver
from treadle.backends.numba_cuda.backend import NumbaCudaBackend
from treadle.backends.numpy_ref import NumpyBackend
from treadle.frontend.load import load_text
from treadle.train.data.folders import Folders
from treadle.train.data.table import TRAIN
from treadle.train.feeds import load_feeds
from treadle.train.programs import compile_training
from treadle.train.progress import Progress
from treadle.train.stepper import Stepper

STEPS = 5


@pytest.fixture(scope="module")
def line():
    checked = load_text(line_spec())
    (plan,) = checked.trains.values()
    return plan, load_feeds(checked, plan, Folders(()))


def losses(plan, feeds, programs):
    stepper, progress = Stepper(plan, feeds[TRAIN], programs), Progress()
    return [stepper.step(progress)["loss"] for _ in range(STEPS)]


@pytest.fixture
def simulated(line, monkeypatch):
    """The training compiled for a device that the block simulator stands in for, and that device."""
    device = ExecutingDriver()
    monkeypatch.setattr(driver, "load_backend", lambda _: NumbaCudaBackend(device, no_code))
    programs = compile_training(*line, "cuda")
    device.lay_out(programs.session._layout)
    return programs, device


def test_losses_are_those_of_the_oracle_and_batches_travel_ahead(line, simulated):
    """Five steps over shuffled batches with Adam; each batch is sent while the step before it runs."""
    plan, feeds = line
    programs, device = simulated
    start = len(device.records("upload"))
    found = losses(plan, feeds, programs)
    uploads, steps = device.records("upload")[start:], device.records("replay")
    assert len(uploads) == STEPS + 1  # the first one, and one ahead of every later step and of one not run
    assert not any(step.is_before(upload) for step, upload in zip(steps, uploads[2:], strict=True))
    expected = losses(plan, feeds, _oracle(line))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_resuming_elsewhere_ignores_what_was_prepared(line, simulated):
    """After a jump of the progress the step reads the batch that belongs there, not the one sent ahead."""
    plan, feeds = line
    stepper = Stepper(plan, feeds[TRAIN], simulated[0])
    stepper.step(Progress())
    assert stepper._ahead is not None
    found = stepper._inputs_of(next(stepper._runs(7)), 7)
    fresh = Stepper(plan, feeds[TRAIN], simulated[0])
    expected = fresh._inputs_of(next(fresh._runs(7)), 7)
    assert found is not stepper._ahead.inputs
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def _oracle(line):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "load_backend", lambda _: NumpyBackend())
        return compile_training(*line, "numpy")
