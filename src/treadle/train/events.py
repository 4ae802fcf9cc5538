"""What a training tells while it runs; the command line shows it, tests read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Means = Mapping[str, float]


@dataclass(frozen=True)
class Started:
    """Compilation is done, the first step follows. Sizes are numbers of examples by split."""

    epochs: int
    steps_per_epoch: int
    sizes: Mapping[str, int]
    parameters: int
    compile_seconds: float


@dataclass(frozen=True)
class Stepped:
    """One step (all phases once) is done; `values` are those of its batch."""

    epoch: int
    step: int
    step_in_epoch: int
    values: Means


@dataclass(frozen=True)
class EpochEnded:
    """An epoch is done: means over its batches, and over the other splits, as `test.accuracy`."""

    epoch: int
    step: int
    values: Means
    seconds: float
    improved: bool


@dataclass(frozen=True)
class Finished:
    """Training is over; `best` are the values of the epoch whose weights were kept, if any were."""

    reason: Literal["done", "stopped early", "interrupted"]
    epoch: int
    step: int
    values: Means
    seconds: float
    best: Means = field(default_factory=dict)
    best_epoch: int | None = None


Event = Started | Stepped | EpochEnded | Finished
