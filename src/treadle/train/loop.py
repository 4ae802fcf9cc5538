"""The training loop: steps, epochs, evaluation, early stopping.

Input: a plan, feeds of its splits, compiled programs, a run folder. Output: events, and the run's files.
Non-goals: printing. The same plan, data and seed give the same values on every run, bit for bit, also when
the run was interrupted at any moment and continued.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from treadle.driver import Program
from treadle.errors import Diagnostic, TreadleError, fail
from treadle.frontend.result import TrainPlan
from treadle.train.checkpoint import load_checkpoint, match_leaves
from treadle.train.data.columns import Feed
from treadle.train.data.table import TRAIN
from treadle.train.divergence import explained, investigate, write_failure
from treadle.train.evaluation import evaluate_split
from treadle.train.events import EpochEnded, Event, Finished, Started, Stepped
from treadle.train.keeper import Keeper
from treadle.train.length import length_of
from treadle.train.metrics import Averages, is_loss
from treadle.train.programs import Programs, evaluation_programs, phase_programs
from treadle.train.progress import Progress, facts_to_progress
from treadle.train.replay import FailedRun, evaluate_again, replay
from treadle.train.runs import RunFolder
from treadle.train.stepper import Stepper

Reason = Literal["done", "stopped early", "interrupted"]


class Trainer:
    """Runs one training. `stop()` may be called from a signal handler: the current step is completed."""

    def __init__(self, plan: TrainPlan, feeds: Mapping[str, Feed], programs: Programs) -> None:
        """A training from the start, over the feed `train`; other feeds are evaluated after every epoch.

        Raises:
            TreadleError: E0711 when no batch fits the data, E0613 when the plan names an unknown metric.
        """
        self.progress = Progress()
        self._plan = plan
        self._feeds = feeds
        self._programs = programs
        self._stepper = Stepper(plan, feeds.get(TRAIN), programs)
        self._keeper = Keeper(plan, programs.session, self._names())
        self._length = length_of(plan, feeds[TRAIN].table.size if TRAIN in feeds else None)
        self._stop_asked = False
        self._resumed = False
        self._evaluated: str | None = None  # the split that is being evaluated

    def stop(self) -> None:
        """Asks to end after the current step."""
        self._stop_asked = True

    def resume(self, folder: RunFolder, start: Path | None = None) -> None:
        """Goes on where the last checkpoint of a run folder stands, or the one of its checkpoints in `start`.

        Raises:
            TreadleError: E0801, E0802 for a missing or damaged one, E0809 for one of another plan.
        """
        self.progress = self._go_to(start or folder.checkpoint("last"))
        self._keeper.restore(self.progress, folder, is_last=start is None)
        self._resumed = True

    def run(self, folder: RunFolder, compile_seconds: float = 0.0) -> Iterator[Event]:
        """Trains to the end, and writes what is kept into the folder.

        Raises:
            TreadleError: E0612 when the loss or a weight is no finite number, E0808 when files cannot be
                written.
        """
        begun = time.monotonic() - self.progress.seconds
        yield self._started(compile_seconds)
        try:
            if not self._resumed:
                self._keeper.write(self.progress, folder)  # so that it can be continued from its first step
            yield from self._run_epochs(begun, folder)
            self.progress.seconds = time.monotonic() - begun
            self._keeper.finish(self.progress, folder)
        except TreadleError as error:
            raise TreadleError(self._end_badly(error.diagnostics, folder)) from error
        yield self._finished()

    def _run_epochs(self, begun: float, folder: RunFolder) -> Iterator[Event]:
        while self.progress.epoch < self._length.epochs and not (self._stop_asked or self._keeper.is_stuck):
            yield from self._run_epoch(begun, folder)

    def _run_epoch(self, begun: float, folder: RunFolder) -> Iterator[Event]:
        averages = Averages(self.progress.sums)
        per_epoch = self._length.steps_per_epoch
        end = min((self.progress.epoch + 1) * per_epoch, self._length.steps)
        while self.progress.step < end and not self._stop_asked:
            values = self._stepper.step(self.progress)
            averages.add(values)
            self.progress.sums = dict(averages.sums)
            in_epoch = self.progress.step - self.progress.epoch * per_epoch
            yield Stepped(self.progress.epoch + 1, self.progress.step, in_epoch, values)
            if self.progress.step < end:
                self.progress.seconds = time.monotonic() - begun
                self._keeper.step_done(self.progress, folder)
        if not self._stop_asked:
            yield self._end_epoch(averages, begun, folder)

    def _end_epoch(self, averages: Averages, begun: float, folder: RunFolder) -> EpochEnded:
        self.progress.epoch += 1
        self.progress.sums = {}
        means = averages.means()
        values = {f"{TRAIN}.{name}": means[name] for name in self._programs.names if name in means}
        values |= self._evaluate()
        self.progress.seconds = time.monotonic() - begun
        counts = {"epoch": float(self.progress.epoch), "step": float(self.progress.step)}
        improved = self._keeper.add({**counts, **values}, self.progress, folder)
        return EpochEnded(self.progress.epoch, self.progress.step, values, self.progress.seconds, improved)

    def _end_badly(self, problems: list[Diagnostic], folder: RunFolder) -> list[Diagnostic]:
        """Keeps what is good, unless it is the disk that fails; finds out where a NaN comes from."""
        problem, *others = problems
        if problem.code == "E0808":
            hint = f"the last checkpoint is as it was; `treadle train --resume {folder.path}` goes on from it"
            return [replace(problem, hint=hint if folder.checkpoint("last").is_file() else None), *others]
        self._keeper.write_best(self.progress, folder)
        return [self._investigated(problem, folder), *others] if problem.code == "E0612" else problems

    def _investigated(self, problem: Diagnostic, folder: RunFolder) -> Diagnostic:
        """The problem with its first cause, which a replay from the last checkpoint finds."""
        failed = self._failed_in_evaluation() or self._failed_in_training(folder)
        if failed is None:
            return problem
        program = self._graphs(failed.split)[failed.run.phase.program]
        found = investigate(program, failed)
        result = explained(problem, self._plan, failed, found, folder)
        write_failure(folder, failed, found, result)
        return result

    def _failed_in_training(self, folder: RunFolder) -> FailedRun | None:
        progress = self._go_to(folder.checkpoint("last"))
        return replay(self._plan, self._feeds.get(TRAIN), self._programs, progress, self.progress.step)

    def _failed_in_evaluation(self) -> FailedRun | None:
        if self._evaluated is None:
            return None
        feed, evaluation = self._feeds[self._evaluated], self._programs.evaluation
        return evaluate_again(self._plan, self._evaluated, feed, evaluation, self.progress.step)

    def _graphs(self, split: str) -> dict[str, Program]:
        """The programs that ran over a split, by name."""
        if split == TRAIN:
            return phase_programs(self._plan, self._feeds.get(TRAIN))
        return evaluation_programs(self._plan, {split: self._feeds[split]})

    def _go_to(self, path: Path) -> Progress:
        """Sets all leaves to those of a checkpoint; where it stands."""
        found = load_checkpoint(path)
        progress = facts_to_progress(found.facts, self._plan, str(path))
        types = {name: leaf.type for name, leaf in self._plan.leaves.items()}
        for name, value in match_leaves(found.values, types, str(path)).items():
            self._programs.session.write(name, value)
        return progress

    def _reason(self) -> Reason:
        """Why the training ends now."""
        if self.progress.epoch >= self._length.epochs:
            return "done"
        return "stopped early" if self._keeper.is_stuck else "interrupted"

    def _evaluate(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for split, feed in self._feeds.items():
            if split != TRAIN:
                self._evaluated = split
                means = evaluate_split(self._programs.evaluation, feed, self._plan.batch, self._plan.seed)
                self._refuse_divergence(split, means)
                values |= {f"{split}.{name}": value for name, value in means.items()}
        self._evaluated = None
        return values

    def _refuse_divergence(self, split: str, means: Mapping[str, float]) -> None:
        for name, value in means.items():
            if is_loss(name) and not math.isfinite(value):
                at = f"after step {self.progress.step} (epoch {self.progress.epoch})"
                fail("E0612", f"{split}.{name} became {value} {at}", self._plan.span)

    def _names(self) -> list[str]:
        names = [f"{TRAIN}.{name}" for name in self._programs.names]
        splits = [split for split in self._feeds if split != TRAIN]
        return names + [f"{split}.{name}" for split in splits for name in self._programs.evaluation.names]

    def _started(self, compile_seconds: float) -> Started:
        sizes = {split: feed.table.size for split, feed in self._feeds.items()}
        parameters = sum(
            math.prod(p.type.static_shape()) for p in self._plan.leaves.values() if p.kind == "param"
        )
        return Started(self._length.epochs, self._length.steps_per_epoch, sizes, parameters, compile_seconds)

    def _finished(self) -> Finished:
        row = self._keeper.rows[-1] if self._keeper.rows else {}
        values = {name: value for name, value in row.items() if name not in {"epoch", "step"}}
        best = {name: value for name, value in self.progress.best.items() if name in values}
        return Finished(
            self._reason(),
            self.progress.epoch,
            self.progress.step,
            values,
            self.progress.seconds,
            best,
            self.progress.best_epoch,
        )
