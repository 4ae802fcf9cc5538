"""What a training leaves behind: checkpoints, the table of metrics, the curve.

Input: rows of values, one per epoch. Output: files in a run folder. Epochs of tiny networks are shorter
than a write to the disk, so files are written at most every few seconds and at the end; values never depend
on that.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from treadle.backends.protocol import Array, Session
from treadle.errors import did_you_mean, fail
from treadle.frontend.elaborate.settings import direction
from treadle.frontend.result import TrainPlan
from treadle.train.checkpoint import Checkpoint, save_checkpoint
from treadle.train.ema import averaged_name
from treadle.train.files import write_atomically
from treadle.train.metrics import Record
from treadle.train.plots import curve_png
from treadle.train.progress import Progress, progress_to_facts
from treadle.train.runs import RunFolder
from treadle.types import DType

_SECONDS_BETWEEN_WRITES = 10.0

Row = dict[str, float]


class Keeper:
    """Keeps rows and weights of a training, and knows when it should stop early."""

    def __init__(self, plan: TrainPlan, session: Session, names: Collection[str]) -> None:
        """Keeps what `plan` asks for; `names` are the values that rows will have.

        Raises:
            TreadleError: E0613 when the plan names another value.
        """
        self.rows: list[Row] = []
        self._plan = plan
        self._session = session
        self._written_at = time.monotonic()
        self._best_leaves: dict[str, Array] = {}
        self._best = self._stop = None
        if plan.keep_best is not None:
            self._best = Record(self._known(plan.keep_best, names), direction(plan.keep_best))
        if plan.stop is not None:
            self._stop = Record(self._known(plan.stop.metric, names), plan.stop.mode)

    @property
    def is_stuck(self) -> bool:
        """Whether the stop rule says that training should end."""
        return (
            self._stop is not None
            and self._plan.stop is not None
            and self._stop.age >= self._plan.stop.patience
        )

    def restore(self, rows: list[Row], best_leaves: Mapping[str, Array]) -> None:
        """Takes up the rows and best weights of a run that is continued."""
        self.rows = rows
        self._best_leaves = dict(best_leaves)
        for row in rows:
            for record in (self._best, self._stop):
                if record is not None and record.metric in row:
                    record.update(row)

    def add(self, row: Row, progress: Progress, folder: RunFolder) -> bool:
        """Takes the values of an epoch; True when its weights are the best so far."""
        self.rows.append(row)
        if self._stop is not None:
            self._stop.update(row)
        improved = self._best is not None and self._best.update(row)
        if improved:
            progress.best_epoch, progress.best = progress.epoch, dict(row)
            self._best_leaves = self._read_evaluated()
        if time.monotonic() - self._written_at > _SECONDS_BETWEEN_WRITES:
            self.write(progress, folder)
        return improved

    def write(self, progress: Progress, folder: RunFolder) -> None:
        """Writes checkpoints and the table of metrics.

        Raises:
            TreadleError: E0808 when the disk refuses.
        """
        facts = progress_to_facts(progress, self._plan)
        save_checkpoint(
            folder.checkpoint("last"), Checkpoint(self._read(self._plan.leaves), facts, self._bf16)
        )
        self.write_best(progress, folder)
        self._written_at = time.monotonic()

    def write_best(self, progress: Progress, folder: RunFolder) -> None:
        """Writes what is good whatever happens now: the best weights and the rows so far."""
        if self._best_leaves:
            facts = progress_to_facts(progress, self._plan) | {"values": progress.best}
            save_checkpoint(folder.checkpoint("best"), Checkpoint(self._best_leaves, facts, self._bf16))
        if self.rows:
            folder.write_metrics(self.rows)

    def finish(self, progress: Progress, folder: RunFolder) -> None:
        """Writes everything, the curve too."""
        self.write(progress, folder)
        if self.rows:
            write_atomically(folder.path / "curve.png", curve_png(self.rows))

    @property
    def _bf16(self) -> frozenset[str]:
        leaves = self._plan.leaves
        return frozenset(name for name, leaf in leaves.items() if leaf.type.dtype is DType.BF16)

    def _read(self, names: Collection[str]) -> dict[str, Array]:
        return {name: self._session.read(name) for name in names}

    def _read_evaluated(self) -> dict[str, Array]:
        """The values that evaluation used: averages stand in for the parameters that have one."""
        sources = {name: averaged_name(name) for name in self._plan.eval.leaves}
        return {
            name: self._session.read(average if average in self._plan.leaves else name)
            for name, average in sources.items()
        }

    def _known(self, name: str, names: Collection[str]) -> str:
        if name not in names:
            hint = did_you_mean(name, names) or f"there are: {', '.join(sorted(names))}"
            fail("E0613", f"there is no loss or metric `{name}`", self._plan.span, hint=hint)
        return name
