"""`treadle sweep SPEC`: trainings with varied values side by side, a table of results, the best values."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli.options import DataOption, DeviceOption, JsonOption, QuietOption, SpecArgument, ThreadsOption
from treadle.cli.problems import EXIT_INTERRUPTED
from treadle.cli.tables import number, table
from treadle.frontend.choice import choose_sweep
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.frontend.sweeps import Trial, trials_of
from treadle.train.sweep import Result, Setup, run_sweep, write_results

NameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Which sweep block, when there are several.")
]
JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", metavar="N", min=0, help="Trainings at once; 0: in this process.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", "--out", metavar="DIR", help="The folder of results; sweeps/SPEC-NAME by default."
    ),
]

_MAX_SHOWN = 20


def run(
    spec: SpecArgument,
    name: NameOption = None,
    jobs: JobsOption = 1,
    out: FolderOption = None,
    data: DataOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a sweep. What has ended is not run again: the same command goes on after Ctrl-C."""
    path = find_spec(spec)
    module = load_spec(path).module
    plan = choose_sweep(module, name)
    folder = out or Path("sweeps") / f"{path.stem}-{plan.name}"
    shared = max(1, (os.cpu_count() or 1) // max(1, jobs))
    setup = Setup(folder, path, data, device, jobs, threads or shared)
    found: list[tuple[Trial, Result]] = []
    total = len(trials_of(plan))
    interrupted = False
    try:
        for trial, result in run_sweep(module, plan, setup):
            found.append((trial, result))
            if not quiet and not as_json:
                print(_line(trial, result, len(found), total), flush=True)
    except KeyboardInterrupt:
        interrupted = True
    rows = write_results(folder, plan, found) if found else []
    if as_json:
        print(json.dumps({"folder": str(folder), "trials": rows}, indent=2))
    elif rows:
        print(f"\n{_as_table(rows, [axis.name for axis in plan.axes])}\n\nresults: {folder}")
    if interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)


def _line(trial: Trial, result: Result, count: int, total: int) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in trial.texts.items())
    done = result["status"] == "done"
    end = f"{result['metric']} {number(result['score'])}" if done else f"failed: {result['error']}"
    return f"{count}/{total}  {values}: {end}"


def _as_table(rows: list[dict[str, Any]], axes: list[str]) -> str:
    """The trials, best first."""
    lines = [("trial", *axes, "score", "seconds")]
    for row in rows[:_MAX_SHOWN]:
        score = number(row["score"]) if "score" in row else row["status"]
        lines.append((row["trial"], *(row[axis] for axis in axes), score, f"{row['seconds']:.1f}"))
    best = rows[0]
    values = ", ".join(f"{axis} = {best[axis]}" for axis in axes)
    more = f"\n... {len(rows) - _MAX_SHOWN} more" if len(rows) > _MAX_SHOWN else ""
    return table(lines) + more + (f"\n\nbest: {values}" if "score" in best else "")
