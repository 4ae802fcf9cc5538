"""A device that is too small: the plan by kind, and the largest batch that would fit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from support.cuda_programs import no_code
from support.recording_driver import RecordingDriver
from support.trainings import line_spec
from treadle import driver
from treadle.backends.numba_cuda.backend import NumbaCudaBackend
from treadle.backends.protocol import DeviceMemoryError
from treadle.driver import largest_batch
from treadle.errors.render import all_to_text
from treadle.frontend.load import load_text
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds
from treadle.train.programs import compile_training

FREE = 20 * 1024
SIZE = r"[\d.]+ KiB"


@pytest.mark.parametrize(
    ("fixed", "each", "batch", "free"),
    [(100, 7, 1000, 3000), (0, 1, 64, 63), (5, 3, 10**6, 299), (900, 10, 50, 1000), (100, 7, 2, 107)],
)
def test_the_largest_batch_is_found_in_a_few_plans(fixed, each, batch, free):
    """For memory that grows in a straight line, exactly, however large the batch was."""
    asked = []

    def needed(size):
        asked.append(size)
        return fixed + each * size

    found = largest_batch(needed, batch, fixed + each * batch, free)
    assert found == (free - fixed) // each
    assert len(asked) <= 9


def test_steps_in_the_growth_are_searched():
    """Where sizes are rounded up the answer still fits, and one of the tries is not far above it."""
    needed = lambda size: -(-size // 32) * 4096 + 1000  # noqa: E731 - a table of sizes
    found = largest_batch(needed, 1000, needed(1000), 50_000)
    assert needed(found) <= 50_000 < needed(found + 32)


def test_nothing_fits():
    """Not even one example."""
    assert largest_batch(lambda size: 10 * size + 100, 64, 740, 105) == 0
    assert largest_batch(lambda size: 10 * size, 1, 10, 5) == 0


def test_a_training_that_does_not_fit_says_which_batch_does(monkeypatch):
    """E1017 for a device with a few kilobytes; with the batch that is named it compiles there."""
    text = line_spec().replace("batch 8", "batch 37").replace("dense(2)", "dense(64) |> dense(2)")
    checked = load_text(text)
    (plan,) = checked.trains.values()
    feeds = load_feeds(checked, plan, Folders(()))
    monkeypatch.setattr(driver, "load_backend", lambda _: NumbaCudaBackend(RecordingDriver(FREE), no_code))
    with pytest.raises(DeviceMemoryError) as caught:
        compile_training(plan, feeds, "cuda")
    text = all_to_text(caught.value.diagnostics)
    kinds = ", ".join(f"{kind} {SIZE}" for kind in ("parameters", "states", "inputs", "activations"))
    assert re.match(
        rf"error\[E1017\]: the device has 20\.0 KiB of free memory, {SIZE} are needed \({kinds}\)\n", text
    )
    fitting = int(re.search(r"batch (\d+) fits", text).group(1))
    smaller = compile_training(replace(plan, batch=fitting), feeds, "cuda")
    assert smaller.session.memory.total <= FREE < caught.value.plan.total
