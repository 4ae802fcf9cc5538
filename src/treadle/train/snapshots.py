"""Snapshots: the numbered checkpoints `checkpoints/step-00000120.safetensors` of a run, and which stay.

Input: the rules of a train block, moments of its training. Output: whether a moment is worth a snapshot, and
which older ones it replaces. What stays depends on the moments alone, never on a clock. Non-goals: writing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from treadle.frontend.result import Cadence, KeepRules


@dataclass(frozen=True)
class Moment:
    """Where a training stands.

    Attributes:
        step, epoch: how many are completed.
        ended: whether an epoch has just ended.
        value: what that epoch gave for the metric of `keep best`.
    """

    step: int
    epoch: int
    ended: bool
    value: float | None = None


@dataclass(frozen=True)
class Shelf:
    """The rules of a run; `mode` says whether the metric of `keep best` is better when larger (`max`)."""

    rules: KeepRules
    mode: str = "min"

    def may_take(self, moment: Moment) -> bool:
        """Whether a moment is worth a snapshot, unless better ones are there."""
        return moment.step in self.kept([moment])

    def kept(self, moments: Sequence[Moment]) -> set[int]:
        """The steps whose snapshots stay."""
        found = {m.step for m in moments if hits(self.rules.every, m)}
        if self.rules.last > 1:
            saves = [m.step for m in moments if self.is_save(m)]
            found |= set(sorted(saves)[-self.rules.last :])
        if self.rules.best > 1:
            found |= set(self._ranked(moments)[: self.rules.best])
        return found

    def is_save(self, moment: Moment) -> bool:
        """Whether `keep last` counts this moment."""
        return moment.ended if self.rules.save is None else hits(self.rules.save, moment)

    def _ranked(self, moments: Iterable[Moment]) -> list[int]:
        """Steps by their value, best first; of equal ones the earlier."""
        sign = -1.0 if self.mode == "max" else 1.0
        known = [(sign * m.value, m.step) for m in moments if m.value is not None and not math.isnan(m.value)]
        return [step for _, step in sorted(known)]


def hits(cadence: Cadence | None, moment: Moment) -> bool:
    """Whether something that happens at this cadence is due; steps that end an epoch count with the epoch."""
    if cadence is None or moment.step == 0:
        return False
    if cadence.unit == "steps":
        return moment.step % cadence.count == 0
    return moment.ended and moment.epoch % cadence.count == 0
