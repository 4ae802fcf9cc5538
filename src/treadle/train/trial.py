"""One trial of a sweep: a training in a folder of its own, whose end is written down whatever it is.

Input: a folder that holds the trial's spec. Output: `trial.json` in it: status, values, score, seconds. The
folder is a run folder, so that a trial can be evaluated and continued like any other run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from treadle.errors import TreadleError
from treadle.frontend.elaborate.settings import direction
from treadle.frontend.inline import inlined_text
from treadle.frontend.load import load_spec
from treadle.frontend.result import TrainPlan
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.events import Finished
from treadle.train.feeds import load_feeds
from treadle.train.files import write_atomically
from treadle.train.json_files import read_json
from treadle.train.loop import Trainer
from treadle.train.programs import compile_training
from treadle.train.runs import SPEC_FOLDER, RunFolder
from treadle.train.weights import load_weights

RESULT = "trial.json"


@dataclass(frozen=True)
class TrialJob:
    """What a process needs to run a trial: paths and plain values.

    Attributes:
        folder: the trial's folder; its spec is `spec/<name>`.
        origin: the spec of the sweep, around which data files are searched.
        metric: what makes the trial good, such as `test.loss`; None: what training keeps, else the loss.
    """

    folder: Path
    spec: str
    train: str
    origin: Path
    data: Path | None
    values: Mapping[str, str]
    metric: str | None
    mode: Literal["min", "max"] | None
    device: str
    threads: int | None


def run_trial(job: TrialJob) -> dict[str, Any]:
    """Runs a trial to its end; a training that fails is recorded, not raised."""
    begun = time.monotonic()
    try:
        found = _train(job)
    except TreadleError as error:
        found = {"status": "failed", "error": error.headlines}
    result = {"values": dict(job.values), "seconds": time.monotonic() - begun, **found}
    write_atomically(job.folder / RESULT, json.dumps(result, indent=2).encode() + b"\n")
    return result


def read_result(folder: Path) -> dict[str, Any] | None:
    """What a trial has written; None when it did not end."""
    path = folder / RESULT
    if not path.is_file():
        return None
    return read_json(path)


def _train(job: TrialJob) -> dict[str, Any]:
    folder = RunFolder(job.folder)
    checked = load_spec(job.folder / SPEC_FOLDER / job.spec)
    plan = with_settings(checked.trains[job.train])
    folders = Folders.around(job.origin, job.data)
    feeds = load_feeds(checked, plan, folders)
    programs = compile_training(plan, feeds, job.device, job.threads)
    trainer = Trainer(plan, feeds, programs)
    load_weights(plan, programs.session, folders)
    data = str(job.data) if job.data else None
    facts = {"spec": str(job.origin), "train": plan.name, "seed": plan.seed, "data": data}
    with folder.locked(), folder.recorded():
        folder.write_resolved(inlined_text(checked.module))
        folder.write_facts(facts | {"device": job.device, "metric": job.metric or plan.keep_best})
        for event in trainer.run(folder):
            if isinstance(event, Finished):
                folder.write_status(event.reason, epoch=event.epoch, step=event.step)
    return _scored(folder.read_metrics(), plan, job)


def _scored(rows: Sequence[Mapping[str, float]], plan: TrainPlan, job: TrialJob) -> dict[str, Any]:
    """The best value of the metric over the epochs, and the last row."""
    metric = job.metric or plan.keep_best or _loss(rows)
    mode = job.mode or direction(metric)
    found = [row[metric] for row in rows if metric in row]
    if not found:
        return {"status": "failed", "error": f"no epoch gave a value of {metric}"}
    score = max(found) if mode == "max" else min(found)
    last = {name: value for name, value in rows[-1].items() if name != "seconds"}
    return {"status": "done", "metric": metric, "mode": mode, "score": score, "last": last}


def _loss(rows: Sequence[Mapping[str, float]]) -> str:
    splits = ("validation", "test", "train")
    return next((f"{s}.loss" for s in splits if rows and f"{s}.loss" in rows[-1]), "train.loss")
