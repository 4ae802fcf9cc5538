"""What a training leaves behind: checkpoints, the tables of metrics, the curves.

Input: rows of values, one per epoch. Output: files in a run folder. `save every` and `keep` say when; without
them a training saves itself every few seconds, since epochs of tiny networks are shorter than a write to the
disk. Values never depend on when files are written.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import replace

from treadle.backends.protocol import Array, Session
from treadle.errors import did_you_mean, fail
from treadle.frontend.elaborate.settings import direction
from treadle.frontend.result import TrainPlan
from treadle.train.checkpoint import load_checkpoint
from treadle.train.files import write_atomically
from treadle.train.metric_files import METRICS, Row
from treadle.train.metrics import Record
from treadle.train.plots import curve_picture
from treadle.train.progress import Progress, facts_to_progress
from treadle.train.runs import RunFolder
from treadle.train.saver import Saver
from treadle.train.snapshots import Moment, Shelf, hits

_SECONDS_BETWEEN_WRITES = 10.0
_SHARE_OF_TIME = 0.05  # that saving by the clock may take


class Keeper:
    """Keeps rows and weights of a training, and knows when it should stop early."""

    def __init__(self, plan: TrainPlan, session: Session, names: Collection[str]) -> None:
        """Keeps what `plan` asks for; `names` are the values that rows will have.

        Raises:
            TreadleError: E0613 when the plan names another value.
        """
        self.rows: list[Row] = []
        self._times: list[Row] = []
        self._plan = plan
        self._saver = Saver(plan, session)
        self._saved_at, self._saving_took = time.monotonic(), 0.0
        self._best_leaves: dict[str, Array] = {}
        self._best_progress = Progress()
        self._written_rows = 0
        self._written_best: int | None = None
        self._best = self._stop = None
        if plan.keep_best is not None:
            self._best = Record(self._known(plan.keep_best, names), direction(plan.keep_best))
        if plan.stop is not None:
            self._stop = Record(self._known(plan.stop.metric, names), plan.stop.mode)
        self._shelf = Shelf(plan.keep, direction(plan.keep_best) if plan.keep_best else "min")

    @property
    def is_stuck(self) -> bool:
        """Whether the stop rule says that training should end."""
        return (
            self._stop is not None
            and self._plan.stop is not None
            and self._stop.age >= self._plan.stop.patience
        )

    def restore(self, progress: Progress, folder: RunFolder, *, is_last: bool = True) -> None:
        """Takes up what a run has left that goes on from `progress`; what came later is made again.

        Unless the run `is_last` left there, it is made so before anything later is removed.

        Raises:
            TreadleError: E0802 for damaged files.
        """
        self.rows = folder.read_metrics()[: progress.epoch]
        if [row.get("epoch") for row in self.rows] != list(range(1, progress.epoch + 1)):
            fail("E0802", f"{folder.path / METRICS} does not have a row for each of {progress.epoch} epochs")
        self._times = folder.read_times()[: progress.epoch]
        progress.seconds = self._times[-1].get("seconds", 0.0) if self._times else 0.0
        for row in self.rows:
            for record in (self._best, self._stop):
                if record is not None and record.metric in row:
                    record.update(row)
        self._restore_best(progress, folder)
        if not is_last:
            self._saver.save_last(folder, progress)
        for step in [step for step in folder.snapshots() if step > progress.step]:
            _remove(folder, step)

    def add(self, row: Row, progress: Progress, folder: RunFolder) -> bool:
        """Takes the values of an epoch; True when its weights are the best so far."""
        self.rows.append(row)
        self._times.append({"epoch": row["epoch"], "seconds": round(progress.seconds, 3)})
        if self._stop is not None:
            self._stop.update(row)
        improved = self._best is not None and self._best.update(row)
        if improved:
            progress.best_epoch, progress.best = progress.epoch, dict(row)
            self._best_progress = replace(progress)
            self._best_leaves = self._saver.read_evaluated()
        self.step_done(progress, folder, ended=True)
        return improved

    def step_done(self, progress: Progress, folder: RunFolder, *, ended: bool = False) -> None:
        """Writes what is due after a step; `ended` says that it has ended an epoch."""
        moment = self._moment(progress, ended=ended)
        if self._shelf.may_take(moment):
            self._shelve(moment, progress, folder)
        if self._is_due(moment):
            self.write(progress, folder)

    def write(self, progress: Progress, folder: RunFolder) -> None:
        """Writes tables and checkpoints; `last` comes last, since a run goes on from there.

        Raises:
            TreadleError: E0612 for weights that are no numbers, E0808 when the disk refuses or the folder is
                gone.
        """
        begun = time.monotonic()
        folder.refuse_if_lost()
        self.write_best(progress, folder)
        self._saver.save_last(folder, progress)
        self._saved_at = time.monotonic()
        self._saving_took = self._saved_at - begun

    def write_best(self, progress: Progress, folder: RunFolder) -> None:
        """Writes what is good whatever happens now: the rows so far and the best weights."""
        if len(self.rows) > self._written_rows:
            folder.write_metrics(self.rows, self._times)
            self._written_rows = len(self.rows)
        if self._best_leaves and self._written_best != progress.best_epoch:
            self._saver.save_best(folder, self._best_progress, self._best_leaves)
            self._written_best = progress.best_epoch

    def finish(self, progress: Progress, folder: RunFolder) -> None:
        """Writes everything, the curves too."""
        self.write(progress, folder)
        for suffix in ("png", "svg") if self.rows else ():
            write_atomically(folder.path / f"curve.{suffix}", curve_picture(self.rows, suffix))

    def _restore_best(self, progress: Progress, folder: RunFolder) -> None:
        """Best weights of an epoch that is still to come are found again then."""
        path = folder.checkpoint("best")
        if progress.best_epoch is None or not path.is_file():
            return
        best = load_checkpoint(path)
        found = facts_to_progress(best.facts, self._plan, str(path))
        if found.epoch == progress.best_epoch:
            self._best_leaves, self._best_progress = dict(best.values), found
            self._written_best = found.epoch

    def _shelve(self, moment: Moment, progress: Progress, folder: RunFolder) -> None:
        """Takes a snapshot if the rules want one, and removes those that it replaces."""
        shelved = list(self._shelved(folder))
        kept = self._shelf.kept([*shelved, moment])
        if moment.step in kept:
            self._saver.save_snapshot(folder, progress)
            for step in {one.step for one in shelved} - kept:
                _remove(folder, step)

    def _moment(self, progress: Progress, *, ended: bool) -> Moment:
        value = self.rows[-1].get(self._best.metric) if ended and self._best else None
        return Moment(progress.step, progress.epoch, ended, value)

    def _shelved(self, folder: RunFolder) -> Iterator[Moment]:
        """The moments of the snapshots that are there."""
        rows = {int(row["step"]): row for row in self.rows if "step" in row}
        for step in folder.snapshots():
            row = rows.get(step)
            value = row.get(self._best.metric) if row and self._best else None
            yield Moment(step, int(row["epoch"]) if row else 0, row is not None, value)

    def _is_due(self, moment: Moment) -> bool:
        if self._plan.keep.save is not None:
            return hits(self._plan.keep.save, moment)
        pause = max(_SECONDS_BETWEEN_WRITES, self._saving_took / _SHARE_OF_TIME)
        return time.monotonic() - self._saved_at > pause

    def _known(self, name: str, names: Collection[str]) -> str:
        if name not in names:
            hint = did_you_mean(name, names) or f"there are: {', '.join(sorted(names))}"
            fail("E0613", f"there is no loss or metric `{name}`", self._plan.span, hint=hint)
        return name


def _remove(folder: RunFolder, step: int) -> None:
    path = folder.snapshot(step)
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
