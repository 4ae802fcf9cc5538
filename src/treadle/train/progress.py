"""Where a training stands: counters and records, kept in checkpoints so that a run can be continued."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from treadle.errors import fail
from treadle.frontend.result import TrainPlan

_COUNTS = ("epoch", "step", "runs")
_OF_THE_CLOCK = "seconds"


@dataclass
class Progress:
    """Counters of a training.

    Attributes:
        epoch: epochs completed.
        step: steps completed; a step runs every phase `repeat` times.
        runs: phase runs completed; each took one batch and has random draws of its own.
        best_epoch, best: the epoch whose weights are kept, and its values.
        sums: of the epoch that is not complete: for each value its sum over batches, and how many they were.
        seconds: time spent so far; not in checkpoints, which are the same whatever the clock says.
    """

    epoch: int = 0
    step: int = 0
    runs: int = 0
    best_epoch: int | None = None
    best: dict[str, float] = field(default_factory=dict)
    sums: dict[str, tuple[float, float]] = field(default_factory=dict)
    seconds: float = 0.0


def progress_to_facts(progress: Progress, plan: TrainPlan) -> dict[str, Any]:
    """What the header of a checkpoint says."""
    counters = {name: value for name, value in asdict(progress).items() if name != _OF_THE_CLOCK}
    return {"plan": plan_digest(plan), "train": plan.name, "seed": plan.seed, "progress": counters}


def facts_to_progress(facts: Mapping[str, Any], plan: TrainPlan, where: str) -> Progress:
    """The progress in the header of a checkpoint of the same plan.

    Raises:
        TreadleError: E0809 for a checkpoint of another plan, E0802 for one without progress.
    """
    if facts.get("plan") != plan_digest(plan):
        fail(
            "E0809",
            f"{where} was made by another spec or with other settings than `train {plan.name}`",
            hint="batch, seed, optimizer and all layers must be as they were",
        )
    try:
        return _parsed(facts["progress"])
    except (KeyError, TypeError, ValueError, AttributeError):
        fail("E0802", f"{where} does not say where the training stood")


def plan_digest(plan: TrainPlan) -> str:
    """A digest of what must stay when a run is continued: batch, seed, names and types of all leaves."""
    leaves = sorted(f"{name}: {leaf.type}" for name, leaf in plan.leaves.items())
    text = "\n".join([plan.name, str(plan.batch), str(plan.seed), *leaves])
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(told: Mapping[str, Any]) -> Progress:
    """Raises ValueError, KeyError, TypeError or AttributeError for anything else than a progress."""
    counts = {name: told[name] for name in _COUNTS}
    best_epoch = told["best_epoch"]
    for count in (*counts.values(), *([] if best_epoch is None else [best_epoch])):
        if type(count) is not int or count < 0:
            raise ValueError(f"{count} is no count")
    best = {name: float(value) for name, value in told["best"].items()}
    sums = {name: (float(total), float(weight)) for name, (total, weight) in told.get("sums", {}).items()}
    return Progress(**counts, best_epoch=best_epoch, best=best, sums=sums)
