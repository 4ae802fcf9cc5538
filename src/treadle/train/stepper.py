"""One training step: every phase `repeat` times, each run on a batch of its own.

Input: feeds, compiled programs, progress. Output: losses and metrics of the step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from treadle.backends.protocol import Array
from treadle.errors import fail
from treadle.frontend.result import TrainPlan
from treadle.train.data.batches import BatchStream
from treadle.train.data.columns import Feed
from treadle.train.evaluation import run_program
from treadle.train.metrics import scalars
from treadle.train.programs import PhaseProgram, Programs
from treadle.train.progress import Progress


class Stepper:
    """Steps a training forward."""

    def __init__(self, plan: TrainPlan, feed: Feed | None, programs: Programs) -> None:
        """Steps over the examples of `feed`; None for a training without data.

        Raises:
            TreadleError: E0711 when the data do not fill a batch.
        """
        self._plan = plan
        self._feed = feed
        self._programs = programs
        shuffle = bool(plan.settings.get("shuffle", True))
        self._stream = (
            None if feed is None else BatchStream(feed.table, plan.batch, plan.seed, shuffle=shuffle)
        )
        if feed is not None and feed.table.size < plan.batch:
            fail("E0711", f"batch {plan.batch:,} with {feed.table.size:,} examples", plan.span)

    def step(self, progress: Progress) -> dict[str, float]:
        """Runs one step and counts it.

        Raises:
            TreadleError: E0612 when the loss is no finite number.
        """
        values: dict[str, float] = {}
        for phase in self._programs.phases:
            prefix = f"{phase.name}." if len(self._programs.phases) > 1 else ""
            for run in range(phase.repeat):
                outputs = self._run(phase, progress, progress.step * phase.repeat + run)
                values |= {prefix + name: value for name, value in outputs.items()}
        progress.step += 1
        self._refuse_divergence(values, progress)
        return values

    def _run(self, phase: PhaseProgram, progress: Progress, updates: int) -> dict[str, float]:
        inputs = self._next_inputs(progress)
        progress.runs += 1
        outputs = run_program(
            self._programs.session,
            phase.program,
            phase.inputs,
            inputs,
            key=(self._plan.seed, progress.runs),
            step=updates,
        )
        return scalars(outputs)

    def _next_inputs(self, progress: Progress) -> Mapping[str, Array]:
        if self._feed is None or self._stream is None:
            return {}
        self._stream.position = progress.runs
        return self._feed.batch(self._stream.next(), progress.runs)

    def _refuse_divergence(self, values: Mapping[str, float], progress: Progress) -> None:
        for name, value in values.items():
            if "loss" in name and not math.isfinite(value):
                fail(
                    "E0612",
                    f"{name} became {value} at step {progress.step} (epoch {progress.epoch + 1})",
                    self._plan.span,
                    hint="lower the learning rate, or add `clip global_norm(1.0)`",
                )
