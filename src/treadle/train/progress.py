"""Where a training stands: counters and records, kept in checkpoints so that a run can be continued."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from treadle.errors import fail
from treadle.frontend.result import TrainPlan


@dataclass
class Progress:
    """Counters of a training.

    Attributes:
        epoch: epochs completed.
        step: steps completed; a step runs every phase `repeat` times.
        runs: phase runs completed; each took one batch and has random draws of its own.
        best_epoch, best: the epoch whose weights are kept, and its values.
        seconds: time spent so far.
    """

    epoch: int = 0
    step: int = 0
    runs: int = 0
    best_epoch: int | None = None
    best: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0


def progress_to_facts(progress: Progress, plan: TrainPlan) -> dict[str, Any]:
    """What the header of a checkpoint says."""
    return {"plan": plan_digest(plan), "train": plan.name, "seed": plan.seed, "progress": asdict(progress)}


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
        return Progress(**facts["progress"])
    except (KeyError, TypeError):
        fail("E0802", f"{where} does not say where the training stood")


def plan_digest(plan: TrainPlan) -> str:
    """A digest of what must stay when a run is continued: batch, seed, names and types of all leaves."""
    leaves = sorted(f"{name}: {leaf.type}" for name, leaf in plan.leaves.items())
    text = "\n".join([plan.name, str(plan.batch), str(plan.seed), *leaves])
    return hashlib.sha256(text.encode()).hexdigest()
