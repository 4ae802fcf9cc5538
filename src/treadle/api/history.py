"""What a training leaves in memory: its values, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import did_you_mean
from treadle.train.events import Finished


@dataclass(frozen=True)
class History:
    """The course of a training.

    Attributes:
        rows: one per epoch: `epoch`, `seconds`, and values such as `train.loss` and `test.accuracy`.
        finished: why and when it ended, and the values of the best epoch if one was kept.
        run: the run folder, if one was asked for.
    """

    rows: Sequence[Mapping[str, float]]
    finished: Finished
    run: Path | None = None

    def __getitem__(self, name: str) -> list[float]:
        """The values of one name, such as `test.accuracy`, over the epochs.

        Raises:
            KeyError: for an unknown name, with the nearest one.
        """
        found = [row[name] for row in self.rows if name in row]
        if not found:
            known = sorted({key for row in self.rows for key in row})
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            raise KeyError(f"there is no value `{name}`; {hint}")
        return found

    def __repr__(self) -> str:
        last = self.finished.values
        values = ", ".join(f"{name} {value:.4g}" for name, value in last.items())
        return f"History({self.finished.reason} after {self.finished.epoch} epochs: {values})"
