"""What `eval`, `predict` and others share: finding the trained network that an argument means."""

from dataclasses import dataclass
from pathlib import Path

from treadle.frontend.choice import choose_model, choose_plan
from treadle.frontend.gallery import find_spec
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
    return origin_of_spec(find_spec(target), weights, data)
