"""Going back to the last checkpoint and stepping again, to the run of a phase that went wrong.

Input: a plan, its feed and programs, set to the leaves of a checkpoint. Output: that run: its inputs, the
values of all leaves before it, the examples of its batch. Training is deterministic, so that what went wrong
once goes wrong again, and so is evaluation. Non-goals: why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from treadle.backends.protocol import Array
from treadle.frontend.result import TrainPlan
from treadle.train.data.batches import in_order
from treadle.train.data.columns import Feed
from treadle.train.data.table import TRAIN
from treadle.train.evaluation import given_inputs
from treadle.train.metrics import is_loss
from treadle.train.programs import Evaluation, PhaseProgram, Programs
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
        split: what its batch is of; the leaves are those after the step unless it is `train`.
    """

    run: PlannedRun
    step: int
    leaves: Mapping[str, Array]
    outputs: Mapping[str, Array]
    split: str = TRAIN


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
            if not _all_finite([*_losses(outputs), *(after[name] for name in weights)]):
                return FailedRun(run, step + 1, before, outputs)
            before = after
    return None


def evaluate_again(
    plan: TrainPlan, split: str, feed: Feed, evaluation: Evaluation, step: int
) -> FailedRun | None:
    """Evaluates a split after a step; the first batch with a loss that is no number, or None without one."""
    session = evaluation.session
    for number, rows in enumerate(in_order(feed.table, plan.batch)):
        name = evaluation.by_size[rows.size]
        inputs = given_inputs(evaluation.inputs, feed.batch(rows, number), (plan.seed, number), 0)
        outputs = session.run(name, inputs)
        if not _all_finite(_losses(outputs)):
            phase = PhaseProgram("evaluation", name, 1, evaluation.inputs)
            examples = number * plan.batch + np.arange(rows.size)
            leaves = {name: session.read(name) for name in plan.leaves}
            return FailedRun(PlannedRun(phase, number, inputs, examples), step, leaves, outputs, split)
    return None


def _losses(outputs: Mapping[str, Array]) -> list[Array]:
    return [value for name, value in outputs.items() if is_loss(name)]


def _all_finite(values: Iterable[Array]) -> bool:
    return all(np.isfinite(value).all() for value in values)
