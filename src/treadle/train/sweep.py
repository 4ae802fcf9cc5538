"""Sweeps: many trainings side by side, each in a process of its own, and a table of how they ended.

Input: a plan, its module. Output: a folder with `trials/NUMBER-DIGEST/` (run folders), `results.csv`,
`results.json`, `sweep.png`. Trials that have ended are not run again, so an interrupted sweep goes on
where it was. A trial that fails, or whose process dies, is recorded. Non-goals: choosing points
(`frontend.sweeps`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import multiprocessing
import shutil
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from treadle.frontend.program import Module
from treadle.frontend.spec_text import spec_to_text
from treadle.frontend.sweeps import SweepPlan, Trial, substitute, trials_of
from treadle.train.files import write_atomically
from treadle.train.plots import sweep_png
from treadle.train.runs import RunFolder, spec_files
from treadle.train.trial import RESULT, TrialJob, read_result, run_trial

Result = dict[str, Any]

_TRIALS = "trials"


@dataclass(frozen=True)
class Setup:
    """Where a sweep runs, and on what.

    Attributes:
        origin: the spec file.
        jobs: how many processes at once; 0 runs the trials in this one.
        threads: of each training.
    """

    folder: Path
    origin: Path
    data: Path | None = None
    device: str = "cpu"
    jobs: int = 1
    threads: int | None = None


def run_sweep(module: Module, plan: SweepPlan, setup: Setup) -> Iterator[tuple[Trial, Result]]:
    """Runs what has not ended yet; gives each trial with its result as it ends, earlier ones first.

    Raises:
        TreadleError: E0808 when the folder cannot be written.
    """
    trials = trials_of(plan)
    jobs = {trial.name: _job(trial, module, plan, setup) for trial in trials}
    waiting = []
    for trial in trials:
        result = read_result(jobs[trial.name].folder)
        if result is None:
            waiting.append(trial)
        else:
            yield trial, result
    ended = _run_here if setup.jobs == 0 else _run_apart
    for trial in ended(waiting, jobs, module, plan, setup.jobs):
        yield trial, read_result(jobs[trial.name].folder) or _died(jobs[trial.name])


def write_results(folder: Path, plan: SweepPlan, found: Sequence[tuple[Trial, Result]]) -> list[Result]:
    """Writes the tables and the picture; returns the rows, best first, failed ones last."""
    rows = [
        {"trial": trial.name, "status": result["status"], **result["values"], **_values(result)}
        for trial, result in sorted(found, key=lambda one: _rank(one[1]))
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(folder / "results.csv", stream.getvalue().encode())
    write_atomically(folder / "results.json", json.dumps(rows, indent=2).encode() + b"\n")
    done = [(trial, result) for trial, result in found if result["status"] == "done"]
    if done:
        columns = {axis.name: [_number(trial.texts[axis.name]) for trial, _ in done] for axis in plan.axes}
        picture = sweep_png(columns, [result["score"] for _, result in done], done[0][1]["metric"])
        write_atomically(folder / "sweep.png", picture)
    return rows


def _job(trial: Trial, module: Module, plan: SweepPlan, setup: Setup) -> TrialJob:
    """A trial's folder is named after its number and all that its spec says: an edited spec is run again."""
    texts = "\0".join(f"{name}\0{text}" for name, text in sorted(_files(trial, module, plan).items()))
    digest = hashlib.sha256(texts.encode()).hexdigest()[:8]
    return TrialJob(
        folder=setup.folder / _TRIALS / f"{trial.name}-{digest}",
        spec=Path(module.source.name).name,
        train=plan.train,
        origin=setup.origin,
        data=setup.data,
        values=trial.texts,
        metric=plan.metric,
        mode=plan.mode,
        device=setup.device,
        threads=setup.threads,
    )


def _prepare(trial: Trial, job: TrialJob, module: Module, plan: SweepPlan) -> None:
    """Makes the trial's folder; what an interrupted one has left goes first."""
    if job.folder.exists():
        shutil.rmtree(job.folder)
    RunFolder.create_at(job.folder).write_spec(_files(trial, module, plan))


def _files(trial: Trial, module: Module, plan: SweepPlan) -> dict[str, str]:
    """The trial's spec and the files that it uses, by relative path."""
    own = spec_to_text(substitute(module, plan, trial.values))
    return {**spec_files(module), Path(module.source.name).name: own}


def _run_here(
    waiting: Sequence[Trial], jobs: dict[str, TrialJob], module: Module, plan: SweepPlan, _count: int
) -> Iterator[Trial]:
    for trial in waiting:
        _prepare(trial, jobs[trial.name], module, plan)
        run_trial(jobs[trial.name])
        yield trial


def _run_apart(
    waiting: Sequence[Trial], jobs: dict[str, TrialJob], module: Module, plan: SweepPlan, count: int
) -> Iterator[Trial]:
    """A process for each trial, `count` at a time; they end with this one, also when it is interrupted."""
    context = multiprocessing.get_context("spawn")
    left = list(waiting)
    running: list[tuple[BaseProcess, Trial]] = []
    try:
        while left or running:
            while left and len(running) < count:
                trial = left.pop(0)
                _prepare(trial, jobs[trial.name], module, plan)
                process = context.Process(target=_in_process, args=(jobs[trial.name],))
                process.start()
                running.append((process, trial))
            ready = wait([process.sentinel for process, _ in running])
            ended = [one for one in running if one[0].sentinel in ready]
            running = [one for one in running if one not in ended]
            for started, trial in ended:
                started.join()
                yield trial
    finally:
        for started, _ in running:
            started.terminate()
            started.join()


def _in_process(job: TrialJob) -> None:
    """The main function of a trial's process: Ctrl-C is the business of the sweep."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_trial(job)


def _died(job: TrialJob) -> Result:
    result = {"values": dict(job.values), "seconds": 0.0, "status": "failed", "error": "its process died"}
    write_atomically(job.folder / RESULT, json.dumps(result, indent=2).encode() + b"\n")
    return result


def _values(result: Result) -> Result:
    if result["status"] != "done":
        return {"seconds": result["seconds"], "error": result["error"]}
    return {"score": result["score"], **result["last"], "seconds": result["seconds"]}


def _rank(result: Result) -> float:
    if result["status"] != "done":
        return float("inf")
    return float(-result["score"] if result["mode"] == "max" else result["score"])


def _number(text: str) -> Any:
    """A value for a picture: a number when it is one."""
    try:
        return float(text)
    except ValueError:
        return text
