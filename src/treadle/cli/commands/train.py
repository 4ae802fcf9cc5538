"""`treadle train SPEC`: compiles, trains, shows progress and leaves a run folder."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli.live import finished_table, make_view, show_all
from treadle.cli.options import (
    DataOption,
    DeviceOption,
    JsonOption,
    NameOption,
    QuietOption,
    SpecArgument,
    ThreadsOption,
)
from treadle.cli.plans import choose_plan
from treadle.cli.problems import EXIT_INTERRUPTED
from treadle.cli.specs import find_spec
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked, TrainPlan
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.events import Finished
from treadle.train.feeds import load_feeds
from treadle.train.loop import Trainer
from treadle.train.programs import Programs, compile_training
from treadle.train.runs import RunFolder, spec_files
from treadle.train.weights import load_weights

EpochsOption = Annotated[int | None, typer.Option("--epochs", min=1, help="Instead of the spec's.")]
StepsOption = Annotated[int | None, typer.Option("--steps", min=1, help="Stop after so many steps.")]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the spec's.")]
RunOption = Annotated[Path | None, typer.Option("--run", metavar="DIR", help="Name of the new run folder.")]
ResumeOption = Annotated[Path | None, typer.Option("--resume", metavar="RUN", help="Go on with a run.")]


def run(
    spec: SpecArgument,
    name: NameOption = None,
    data: DataOption = None,
    epochs: EpochsOption = None,
    steps: StepsOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    run_folder: RunOption = None,
    resume: ResumeOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network. Ctrl-C saves and leaves; `--resume RUN` goes on.

    Examples: treadle train digits_mlp | treadle train lenet.tdl --data mnist --epochs 3
    """
    path = find_spec(spec)
    checked = load_spec(path)
    if resume and seed is None:
        seed = int(RunFolder(resume).read_facts()["seed"])
    plan = with_settings(_adjusted(choose_plan(checked, name), epochs, steps, seed))
    feeds = load_feeds(checked, plan, Folders.around(path, data))
    begun = time.monotonic()
    programs = compile_training(plan, feeds, device, threads)
    compile_seconds = time.monotonic() - begun
    trainer = Trainer(plan, feeds, programs)
    folder = RunFolder(resume) if resume else _new_folder(run_folder, path)
    if resume:
        trainer.resume(folder)
    else:
        _load(plan, programs, Folders.around(path, data), quiet=quiet or as_json)
        _describe_run(folder, checked, plan, path, data)
    with _stop_on_interrupt(trainer):
        finished = show_all(trainer.run(folder, compile_seconds), make_view(quiet=quiet or as_json))
    _conclude(finished, folder, as_json=as_json)


def _adjusted(plan: TrainPlan, epochs: int | None, steps: int | None, seed: int | None) -> TrainPlan:
    if epochs is not None:
        plan = replace(plan, epochs=epochs, steps=None)
    if steps is not None:
        plan = replace(plan, steps=steps, epochs=None)
    return plan if seed is None else replace(plan, seed=seed)


def _load(plan: TrainPlan, programs: Programs, folders: Folders, *, quiet: bool) -> None:
    for report in load_weights(plan, programs.session, folders):
        if not quiet:
            print(report)


def _new_folder(chosen: Path | None, spec: Path) -> RunFolder:
    return RunFolder.create_at(chosen) if chosen else RunFolder.create(Path("runs"), spec.stem)


def _describe_run(
    folder: RunFolder, checked: Checked, plan: TrainPlan, path: Path, data: Path | None
) -> None:
    folder.write_spec(spec_files(checked.module))
    facts: dict[str, Any] = {"spec": str(path), "train": plan.name, "seed": plan.seed}
    folder.write_facts(facts | {"data": str(data) if data else None})


@contextmanager
def _stop_on_interrupt(trainer: Trainer) -> Iterator[None]:
    """The first Ctrl-C asks the training to end; a second one ends it at once."""

    def ask(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        trainer.stop()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _conclude(finished: Finished, folder: RunFolder, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**asdict(finished), "run": str(folder.path)}, indent=2))
    else:
        best = f", best epoch {finished.best_epoch}" if finished.best_epoch else ""
        count = f"{finished.epoch} epochs, {finished.step} steps"
        print(f"\n{finished.reason} after {count}{best}, {finished.seconds:.1f} s")
        print(f"\n{finished_table(finished)}\n\nrun folder: {folder.path}")
    if finished.reason == "interrupted":
        raise typer.Exit(EXIT_INTERRUPTED)
