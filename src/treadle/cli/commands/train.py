"""`treadle train SPEC`: compiles, trains, shows progress and leaves a run folder."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.launch import Launch, Options, describe, prepare, prepare_again
from treadle.cli.live import finished_table, make_view, show_all
from treadle.cli.options import (
    DataOption,
    JsonOption,
    NameOption,
    QuietOption,
    ThreadsOption,
    WeightsOption,
)
from treadle.cli.problems import EXIT_INTERRUPTED
from treadle.cli.trained import suggest_run
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.train.events import Finished
from treadle.train.loop import Trainer
from treadle.train.runs import RunFolder, resumed
from treadle.train.tensorboard import require_tensorboard, with_tensorboard
from treadle.train.weights import load_weights

SpecArgument = Annotated[
    str | None,
    typer.Argument(metavar="SPEC", help="A .tdl file, or the name of a gallery spec; `--resume` knows it."),
]
EpochsOption = Annotated[
    int | None, typer.Option("--epochs", metavar="N", min=1, help="Instead of the spec's.")
]
StepsOption = Annotated[
    int | None, typer.Option("--steps", metavar="N", min=1, help="Stop after so many steps.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Instead of the spec's.")]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="`cpu` (the default) and `cuda` (a GPU) compile; `numpy` interprets.",
    ),
]
RunOption = Annotated[Path | None, typer.Option("--run", metavar="DIR", help="Name of the new run folder.")]
ResumeOption = Annotated[
    Path | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a run, or from a file in its checkpoints."),
]

TensorBoardOption = Annotated[
    bool, typer.Option("--tensorboard", help="Write TensorBoard's logs into the run folder, too.")
]


def run(
    spec: SpecArgument = None,
    name: NameOption = None,
    data: DataOption = None,
    epochs: EpochsOption = None,
    steps: StepsOption = None,
    seed: SeedOption = None,
    device: DeviceOption = None,
    threads: ThreadsOption = None,
    run_folder: RunOption = None,
    resume: ResumeOption = None,
    weights: WeightsOption = None,
    tensorboard: TensorBoardOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network. Ctrl-C saves and leaves; `--resume RUN` goes on."""
    if tensorboard:
        require_tensorboard()
    options = Options(name, data, epochs, steps, seed, device, threads)
    if resume is None and spec is None:
        raise typer.BadParameter("name a spec, or a run folder with --resume")
    if resume is not None and weights is not None:
        raise typer.BadParameter("--weights begins a new run, --resume goes on with one")
    if resume is not None and run_folder is not None:
        raise typer.BadParameter("--run names a new folder, --resume one that is there")
    if resume is not None:
        suggest_run(resume)
        folder, start = resumed(resume)
        launch = prepare_again(folder, find_spec(spec) if spec else None, options)
    else:
        path = find_spec(str(spec))
        launch = prepare(load_spec(path), path, options)
        folder = RunFolder.create_at(run_folder) if run_folder else RunFolder.create(Path("runs"), path.stem)
    with folder.locked():
        if resume is not None:
            launch.trainer.resume(folder, start)  # a refusal leaves the run as it was
        with folder.recorded():
            if resume is None:
                _begin(folder, launch, weights, quiet=quiet or as_json)
            finished = _train(folder, launch, tensorboard=tensorboard, quiet=quiet or as_json)
    _conclude(finished, folder, as_json=as_json)


def _begin(folder: RunFolder, launch: Launch, weights: Path | None, *, quiet: bool) -> None:
    describe(folder, launch)
    for report in load_weights(launch.plan, launch.programs.session, launch.folders, weights):
        if not quiet:
            print(report)


def _train(folder: RunFolder, launch: Launch, *, tensorboard: bool, quiet: bool) -> Finished:
    with stop_on_interrupt(launch.trainer):
        events = launch.trainer.run(folder, launch.compile_seconds)
        events = with_tensorboard(events, folder) if tensorboard else events
        finished = show_all(events, make_view(quiet=quiet))
    _write_end(folder, finished)
    return finished


@contextmanager
def stop_on_interrupt(trainer: Trainer) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) asks the training to end; a second one ends it at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(_signal: int, _frame: object) -> None:
        restore()
        trainer.stop()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        restore()


def _write_end(folder: RunFolder, finished: Finished) -> None:
    told = {name: getattr(finished, name) for name in ("epoch", "step", "best_epoch")}
    folder.write_status(finished.reason, **told, seconds=round(finished.seconds, 3))


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
