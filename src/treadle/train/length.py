"""How long a training is: steps per epoch, epochs, steps in all.

A step runs every phase `repeat` times, and each run takes a batch of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from treadle.frontend.result import TrainPlan

TOTAL_STEPS = "total_steps"  # the symbol by which schedules know the length of the training
_STEPS_WITHOUT_DATA = 100  # what counts as an epoch when there are no examples to go through


@dataclass(frozen=True)
class Length:
    """The length of a training."""

    steps_per_epoch: int
    epochs: int
    steps: int


def length_of(plan: TrainPlan, examples: int | None) -> Length:
    """The length of a training over so many examples (None: no data); `steps` may cut the last epoch."""
    runs = sum(phase.repeat for phase in plan.phases)
    per_epoch = _STEPS_WITHOUT_DATA if examples is None else max(1, examples // plan.batch // runs)
    if plan.steps is not None:
        return Length(per_epoch, math.ceil(plan.steps / per_epoch), plan.steps)
    epochs = plan.epochs or 0
    return Length(per_epoch, epochs, epochs * per_epoch)
