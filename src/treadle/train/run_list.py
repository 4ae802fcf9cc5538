"""What run folders tell: a summary of each, also of damaged ones.

Input: run folders. Output: summaries. Non-goals: comparing them (`comparison`), showing them (the command
line).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.errors import TreadleError
from treadle.frontend.elaborate.settings import direction
from treadle.train.metric_files import Row
from treadle.train.runs import RunFolder

BROKEN = "broken"
_STATES = ("running", "done", "stopped early", "interrupted", "failed")
_SPLITS = ("validation", "test", "train")


@dataclass(frozen=True)
class RunSummary:
    """One run.

    Attributes:
        spec: the spec's path as it was given; `train` is the name of its train block.
        state: running, done, stopped early, interrupted, failed, unknown (older runs) or broken.
        metric, best, best_epoch: what the run kept weights by, or its loss, and where that was best.
        rows: the metrics of all epochs.
        problem: what is wrong with the folder, or how the run failed.
    """

    path: Path
    state: str
    spec: str = ""
    train: str = ""
    started: str = ""
    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    metric: str | None = None
    best: float | None = None
    best_epoch: int | None = None
    problem: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Row] = ()

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.path.name

    @property
    def best_first(self) -> float:
        """The best value as a number that is smaller for better runs."""
        if self.best is None or self.metric is None:
            return math.inf
        return -self.best if direction(self.metric) == "max" else self.best


def find_runs(parent: Path) -> list[Path]:
    """The folders below `parent` that a training has made, by name."""
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and _is_run(path))


def read_run(path: Path) -> RunSummary:
    """The summary of a run folder; a damaged one is `broken`, and says why."""
    folder = RunFolder(path)
    try:
        facts, rows, times = folder.read_facts(), folder.read_metrics(), folder.read_times()
        state, problem = _state(folder, folder.read_status())
    except (TreadleError, OSError) as error:
        message = error.diagnostics[0].message if isinstance(error, TreadleError) else str(error)
        return RunSummary(path, BROKEN, problem=message)
    metric = _metric(facts, rows)
    best, best_epoch = _best(metric, rows)
    return RunSummary(
        path,
        state,
        spec=str(facts.get("spec", "")),
        train=str(facts.get("train", "")),
        started=str(facts.get("started", "")),
        epochs=len(rows),
        steps=int(rows[-1].get("step", 0)) if rows else 0,
        seconds=times[-1].get("seconds", 0.0) if times else 0.0,
        metric=metric,
        best=best,
        best_epoch=best_epoch,
        problem=problem,
        facts=facts,
        rows=rows,
    )


def _is_run(path: Path) -> bool:
    return any((path / name).exists() for name in ("run.json", "status.json", "last.safetensors"))


def _state(folder: RunFolder, status: Mapping[str, Any]) -> tuple[str, str | None]:
    """The state that a run is in; one that says it is running, but is not, was killed."""
    state = status.get("state")
    if state not in _STATES:
        return "unknown", None
    if state == "running":
        return ("running" if folder.is_locked() else "interrupted"), None
    return str(state), str(status["error"]) if "error" in status else None


def _metric(facts: Mapping[str, Any], rows: Sequence[Row]) -> str | None:
    names = set().union(*rows) if rows else set()
    candidates: Iterable[object] = (facts.get("metric"), *(f"{split}.loss" for split in _SPLITS))
    return next((name for name in candidates if isinstance(name, str) and name in names), None)


def _best(metric: str | None, rows: Sequence[Row]) -> tuple[float | None, int | None]:
    known = [row for row in rows if metric in row and not math.isnan(row[metric])] if metric else []
    if metric is None or not known:
        return None, None
    choose = max if direction(metric) == "max" else min
    row = choose(known, key=lambda one: one[metric])
    return row[metric], int(row.get("epoch", 0))
