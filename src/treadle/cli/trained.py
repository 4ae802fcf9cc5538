"""What `eval`, `predict` and others share: finding the trained network that an argument means."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from treadle.errors import did_you_mean, fail
from treadle.frontend.choice import choose_model, choose_plan
from treadle.frontend.gallery import find_spec, gallery
from treadle.frontend.result import Checked, ModelGraph, TrainPlan
from treadle.train.trained import Origin, open_spec, origin_of_run, origin_of_spec


@dataclass(frozen=True)
class Opened:
    """A trained network: where it is from, its spec and its train block."""

    origin: Origin
    checked: Checked
    plan: TrainPlan


def open_trained(target: str, weights: Path | None, data: Path | None, name: str | None) -> Opened:
    """The network that a run folder, or a spec with weights, means."""
    origin = origin_of(target, weights, data)
    checked = open_spec(origin)
    return Opened(origin, checked, choose_plan(checked, name or origin.train))


@dataclass(frozen=True)
class OpenedModel:
    """A model with weights: where they are from, its spec, and the model, which need not be trained here."""

    origin: Origin
    checked: Checked
    model: ModelGraph


def open_model(target: str, weights: Path | None, data: Path | None, name: str | None) -> OpenedModel:
    """The model that a run folder, or a spec with weights, means; a spec needs no train block."""
    origin = origin_of(target, weights, data)
    checked = open_spec(origin)
    return OpenedModel(origin, checked, choose_model(checked, name or origin.train, "--name NAME"))


def origin_of(target: str, weights: Path | None, data: Path | None) -> Origin:
    """Where the network comes from that a run folder, or a spec with weights, means."""
    path = Path(target)
    if path.is_dir() and weights is None:
        return origin_of_run(path, data)
    if target not in gallery():
        suggest_run(path)
    return origin_of_spec(find_spec(target), weights, data)


def suggest_run(path: Path) -> None:
    """Names the run that was probably meant, if there is nothing at a path and a run is called nearly so.

    Raises:
        TreadleError: E0801.
    """
    if not path.exists() and (run := did_you_mean(str(path), _runs())):
        fail("E0801", f"there is no run {path}", hint=run)


def _runs() -> list[str]:
    """Runs below this folder: their paths, and these without the folder of runs."""
    found = sorted(path.parent for path in Path("runs").glob("*/run.json"))
    return [*map(str, found), *(path.name for path in found)]


def refuse_split(split: str, splits: Iterable[str]) -> NoReturn:
    """Raises TreadleError: E0708, with the nearest of the splits that there are."""
    names = list(splits)
    hint = did_you_mean(split, names) or f"splits are: {', '.join(names)}"
    fail("E0708", f"the data have no split `{split}`", hint=hint)
