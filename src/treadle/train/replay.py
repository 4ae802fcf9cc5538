"""Going back to the last checkpoint and stepping again, to the run of a phase that went wrong.

Input: a plan, its feed and programs, set to the leaves of a checkpoint. Output: that run: its inputs, the
values of all leaves before it, the examples of its batch. Training is deterministic, so that what went wrong
once goes wrong again. Non-goals: why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from treadle.backends.protocol import Array
from treadle.frontend.result import TrainPlan
from treadle.train.data.columns import Feed
from treadle.train.programs import Programs
from treadle.train.progress import Progress
from treadle.train.stepper import PlannedRun, Stepper


@dataclass(frozen=True)
class FailedRun:
    """A run of a phase that gave a loss, or left a weight, that is no finite number.

    Attributes:
        run: the phase, its inputs and the examples of its batch.
        step: the step that it belongs to, from 1.
        leaves: the values of all leaves before it.
        outputs: what it gave.
    """

    run: PlannedRun
    step: int
    leaves: Mapping[str, Array]
    outputs: Mapping[str, Array]


def replay(
    plan: TrainPlan, feed: Feed | None, programs: Programs, progress: Progress, last: int
) -> FailedRun | None:
    """Steps from `progress` to step `last`; the first run that goes wrong, or None when none does."""
    stepper = Stepper(plan, feed, programs)
    session, number = programs.session, progress.runs
    weights = [name for name, leaf in plan.leaves.items() if leaf.trainable and leaf.kind == "param"]
    before = {name: session.read(name) for name in plan.leaves}
    for step in range(progress.step, last):
        for run in stepper.planned(step, number):
            outputs = session.run(run.phase.program, run.inputs)
            number += 1
            after = {name: session.read(name) for name in plan.leaves}
            losses = [value for name, value in outputs.items() if name.startswith("loss")]
            if not all(np.isfinite(value).all() for value in (*losses, *(after[name] for name in weights))):
                return FailedRun(run, step + 1, before, outputs)
            before = after
    return None
