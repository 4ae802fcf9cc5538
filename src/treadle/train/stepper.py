"""One training step: every phase `repeat` times, each run on a batch of its own.

Input: feeds, compiled programs, progress. Output: losses and metrics of the step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from treadle.backends.protocol import Array, Overlapping
from treadle.errors import fail
from treadle.frontend.result import TrainPlan
from treadle.train.data.batches import BatchStream, Rows
from treadle.train.data.columns import Feed
from treadle.train.evaluation import given_inputs
from treadle.train.metrics import scalars
from treadle.train.programs import PhaseProgram, Programs
from treadle.train.progress import Progress


@dataclass(frozen=True)
class _Run:
    """A run of a phase, after so many updates of its own."""

    phase: PhaseProgram
    updates: int


@dataclass(frozen=True)
class _Ahead:
    """The inputs of a run, by its number in the training, that were prepared before it was due."""

    run: _Run
    number: int
    inputs: Mapping[str, Array]


@dataclass(frozen=True)
class PlannedRun:
    """A run that was not made yet: its number in the training, its inputs, the examples of its batch."""

    phase: PhaseProgram
    number: int
    inputs: Mapping[str, Array]
    rows: Rows | None


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
        self._ahead: _Ahead | None = None
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
        runs = [*self._runs(progress.step), next(self._runs(progress.step + 1))]
        for run, following in pairwise(runs):
            prefix = f"{run.phase.name}." if len(self._programs.phases) > 1 else ""
            outputs = self._run(run, following, progress)
            values |= {prefix + name: value for name, value in outputs.items()}
        progress.step += 1
        self._refuse_divergence(values, progress)
        return values

    def planned(self, step: int, number: int) -> Iterator[PlannedRun]:
        """The runs of a step, the first of which is number `number` of the training."""
        for offset, run in enumerate(self._runs(step)):
            inputs = self._inputs_of(run, number + offset)
            rows = None if self._stream is None else self._stream.rows(number + offset)
            yield PlannedRun(run.phase, number + offset, inputs, rows)

    def _runs(self, step: int) -> Iterator[_Run]:
        for phase in self._programs.phases:
            for run in range(phase.repeat):
                yield _Run(phase, step * phase.repeat + run)

    def _run(self, run: _Run, following: _Run, progress: Progress) -> dict[str, float]:
        """Runs a phase; a session that can do both at once gets the inputs of the run that follows."""
        session = self._programs.session
        inputs = self._inputs_of(run, progress.runs)
        progress.runs += 1
        if not isinstance(session, Overlapping):
            return scalars(session.run(run.phase.program, inputs))
        running = session.start(run.phase.program, inputs)
        self._ahead = _Ahead(following, progress.runs, self._inputs_of(following, progress.runs))
        session.send(following.phase.program, self._ahead.inputs)
        return scalars(running.outputs())

    def _inputs_of(self, run: _Run, number: int) -> Mapping[str, Array]:
        """What run number `number` of the training reads; the same mapping if it was sent ahead."""
        ahead = self._ahead
        if ahead and (ahead.run, ahead.number) == (run, number):
            return ahead.inputs
        key = (self._plan.seed, number + 1)
        return given_inputs(run.phase.inputs, self._batch(number), key, run.updates)

    def _batch(self, number: int) -> Mapping[str, Array]:
        if self._feed is None or self._stream is None:
            return {}
        self._stream.position = number
        return self._feed.batch(self._stream.next(), number)

    def _refuse_divergence(self, values: Mapping[str, float], progress: Progress) -> None:
        for name, value in values.items():
            if "loss" in name and not math.isfinite(value):
                fail(
                    "E0612",
                    f"{name} became {value} at step {progress.step} (epoch {progress.epoch + 1})",
                    self._plan.span,
                    hint="lower the learning rate, or add `clip global_norm(1.0)`",
                )
