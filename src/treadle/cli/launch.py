"""Starting a training from a spec, and going on with that of a run folder.

Input: what stands on the command line. Output: a trainer that is ready to run, and its folder. Non-goals:
showing it (`live`), the run folder's files (`train.runs`).
"""

from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from time import monotonic
from typing import Any

from treadle.errors import fail
from treadle.frontend.choice import choose_plan
from treadle.frontend.inline import inlined_text
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked, TrainPlan
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.feeds import load_feeds
from treadle.train.loop import Trainer
from treadle.train.programs import Programs, compile_training
from treadle.train.runs import RESOLVED, SPEC_FOLDER, RunFolder, spec_files

_SHOWN = 80  # characters of a line in a message


@dataclass(frozen=True)
class Options:
    """What the command line says about a training; None where it leaves that to the spec, or to the run."""

    name: str | None = None
    data: Path | None = None
    epochs: int | None = None
    steps: int | None = None
    seed: int | None = None
    device: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Launch:
    """A compiled training, and what it was made from."""

    origin: Path
    checked: Checked
    plan: TrainPlan
    folders: Folders
    programs: Programs
    trainer: Trainer
    compile_seconds: float
    options: Options


def prepare(checked: Checked, origin: Path, options: Options) -> Launch:
    """Compiles a train block of a spec; data are searched around `origin`, the file that the user knows.

    Raises:
        TreadleError: for mistakes in its data or the options.
    """
    plan = with_settings(_adjusted(choose_plan(checked, options.name), options))
    folders = Folders.around(origin, options.data)
    feeds = load_feeds(checked, plan, folders)
    begun = monotonic()
    programs = compile_training(plan, feeds, options.device or "cpu", options.threads)
    seconds = monotonic() - begun
    return Launch(origin, checked, plan, folders, programs, Trainer(plan, feeds, programs), seconds, options)


def describe(folder: RunFolder, launch: Launch) -> None:
    """Writes down what a new run is made of.

    Raises:
        TreadleError: E0808 when the disk refuses.
    """
    options = launch.options
    folder.write_spec(spec_files(launch.checked.module))
    folder.write_resolved(inlined_text(launch.checked.module))
    facts: dict[str, Any] = {"spec": str(launch.origin), "train": launch.plan.name, "seed": launch.plan.seed}
    facts |= {"data": str(options.data) if options.data else None, "device": options.device or "cpu"}
    facts["metric"] = launch.plan.keep_best
    folder.write_facts(facts | {name: getattr(options, name) for name in ("epochs", "steps", "threads")})


def prepare_again(folder: RunFolder, spec: Path | None, options: Options) -> Launch:
    """Checks and compiles the spec of a run, or `spec` if it is the same.

    Raises:
        TreadleError: E0801, E0802 for a folder that is no whole run folder, E0809 for another spec.
    """
    facts = folder.read_facts()
    try:
        origin, known = Path(facts["spec"]), _recorded(facts)
    except (KeyError, TypeError, ValueError):
        fail("E0802", f"{folder.path / 'run.json'} does not say how the run was made")
    checked = load_spec(spec or folder.path / SPEC_FOLDER / origin.name)
    if spec is not None:
        _refuse_another(folder, checked)
    return prepare(checked, origin, _filled(options, known))


def _adjusted(plan: TrainPlan, options: Options) -> TrainPlan:
    if options.epochs is not None:
        plan = replace(plan, epochs=options.epochs, steps=None)
    if options.steps is not None:
        plan = replace(plan, steps=options.steps, epochs=None)
    return plan if options.seed is None else replace(plan, seed=options.seed)


def _recorded(facts: dict[str, Any]) -> Options:
    """Raises KeyError, TypeError or ValueError where `run.json` does not hold options."""

    def count(name: str) -> int | None:
        return None if facts.get(name) is None else int(facts[name])

    data, device = facts.get("data"), facts.get("device")
    return Options(
        name=str(facts["train"]),
        data=None if data is None else Path(data),
        epochs=count("epochs"),
        steps=count("steps"),
        seed=int(facts["seed"]),
        device=None if device is None else str(device),
        threads=count("threads"),
    )


def _filled(options: Options, known: Options) -> Options:
    """The options, and what the run was made with where they are silent; a new length replaces the old."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    if given.keys() & {"epochs", "steps"}:
        known = replace(known, epochs=None, steps=None)
    return replace(known, **given)


def _refuse_another(folder: RunFolder, checked: Checked) -> None:
    kept = folder.path / RESOLVED
    if not kept.is_file():
        return
    before = kept.read_text(encoding="utf-8", errors="replace").splitlines()
    now = inlined_text(checked.module).splitlines()
    for old, new in zip_longest(before, now, fillvalue=""):
        if old != new:
            fail(
                "E0809",
                f"{folder.path} was made by another spec than {checked.source.name}: "
                f"it has `{old.strip()[:_SHOWN]}` where there is `{new.strip()[:_SHOWN]}` now",
                hint=f"`treadle train --resume {folder.path}` goes on with the spec that the run was made by",
            )
