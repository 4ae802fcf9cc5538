"""`treadle profile SPEC`: the time of each call of a training step, beside what the call must move and do."""

import json
from pathlib import PurePath
from typing import Annotated, Any

import typer

from treadle.backends.protocol import CallTime
from treadle.cli.options import DataOption, DeviceOption, JsonOption, NameOption, SpecArgument, ThreadsOption
from treadle.cli.tables import table
from treadle.frontend.choice import choose_plan
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.train.data.folders import Folders
from treadle.train.feeds import load_feeds
from treadle.train.profiling import profile_steps
from treadle.train.programs import compile_training

RunsOption = Annotated[
    int, typer.Option("--runs", metavar="N", min=1, help="Steps; the least time of each call counts.")
]
AllOption = Annotated[bool, typer.Option("--all", help="List every call, not only the slowest.")]

_SHOWN = 25


def run(
    spec: SpecArgument,
    name: NameOption = None,
    data: DataOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    runs: RunsOption = 10,
    everything: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure every call of a training step: time, share, bytes, bandwidth, arithmetic."""
    path = find_spec(spec)
    checked = load_spec(path)
    plan = choose_plan(checked, name)
    feeds = load_feeds(checked, plan, Folders.around(path, data))
    programs = compile_training(plan, feeds, device, threads)
    profile = profile_steps(plan, feeds, programs, runs)
    if as_json:
        print(json.dumps({phase: [_as_json(time) for time in times] for phase, times in profile.items()}))
        return
    for phase, times in profile.items():
        print(f"{phase}, batch {plan.batch}, on {device}\n{_as_text(times, everything=everything)}\n")


def _as_json(time: CallTime) -> dict[str, Any]:
    cost = time.cost
    return {
        "name": cost.name,
        "line": _line(time),
        "layer": cost.layer,
        "calls": time.calls,
        "seconds": time.seconds,
        "bytes": cost.bytes * time.calls,
        "operations": cost.operations * time.calls,
    }


def _as_text(times: list[CallTime], *, everything: bool) -> str:
    total = sum(time.seconds for time in times) or 1e-12
    ordered = sorted(times, key=lambda time: -time.seconds)
    shown = ordered if everything else ordered[:_SHOWN]
    head = ["call", "layer", "line", "calls", "us", "share", "KiB", "GB/s", "GFLOP/s"]
    rows = [head, *(_row(time, total) for time in shown)]
    rest = ordered[len(shown) :]
    if rest:
        spent = sum(time.seconds for time in rest)
        rows.append([f"{len(rest)} more", "", "", "", f"{spent * 1e6:.1f}", f"{spent / total:.1%}"])
    rows.append(["total", "", "", str(sum(t.calls for t in times)), f"{total * 1e6:.1f}", "100.0%"])
    return table(rows, left=3)


def _row(time: CallTime, total: float) -> list[str]:
    seconds = max(time.seconds, 1e-12)
    moved, done = time.cost.bytes * time.calls, time.cost.operations * time.calls
    return [
        time.cost.name,
        time.cost.layer,
        _line(time),
        str(time.calls),
        f"{time.seconds * 1e6:.1f}",
        f"{time.seconds / total:.1%}",
        f"{moved / 1024:.1f}",
        f"{moved / seconds / 1e9:.2f}",
        f"{done / seconds / 1e9:.2f}",
    ]


def _line(time: CallTime) -> str:
    span = time.cost.span
    if span is None:
        return ""
    path = PurePath(span.source.name)
    return f"{path.name if path.is_absolute() else path}:{span.line}"
