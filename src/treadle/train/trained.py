"""Trained networks: opening a run folder, or a spec with weights, for evaluation and prediction.

Input: paths. Output: a checked spec, a plan, the values of its leaves. Non-goals: training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.backends.protocol import Array, Session
from treadle.errors import fail
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked, ModelGraph
from treadle.train.checkpoint import checkpoint_file, load_checkpoint, match_leaves
from treadle.train.data.folders import Folders
from treadle.train.ema import averaged_name
from treadle.train.run_list import RunSummary, find_runs, read_run
from treadle.train.runs import SPEC_FOLDER, RunFolder


@dataclass(frozen=True)
class Origin:
    """Where a trained network comes from.

    Attributes:
        spec: its spec file; for a run, the copy in the run folder.
        weights: its checkpoint.
        train: the name of the train block, if the run says it.
        folders: where its data files are searched.
    """

    spec: Path
    weights: Path
    train: str | None
    folders: Folders


def origin_of_run(folder: Path, data: Path | None) -> Origin:
    """The origin that a run folder describes.

    Raises:
        TreadleError: E0801, E0802 for a folder that is no whole run folder.
    """
    facts = RunFolder(folder).read_facts()
    try:
        source = Path(facts["spec"])
        train = str(facts["train"])
    except (KeyError, TypeError):
        fail("E0802", f"{folder / 'run.json'} lacks `spec` or `train`")
    recorded = facts.get("data")
    folders = Folders.around(source, data or (Path(recorded) if recorded else None))
    return Origin(folder / SPEC_FOLDER / source.name, checkpoint_file(folder), train, folders)


def origin_of_spec(spec: Path, weights: Path | None, data: Path | None) -> Origin:
    """The origin for a spec: the given weights, those of its latest run below `runs`, or those beside it.

    Raises:
        TreadleError: E0801 when there are none.
    """
    beside = spec.with_suffix(".safetensors")
    found = weights or latest_run(spec, Path("runs")) or (beside if beside.is_file() else None)
    if found is None:
        fail(
            "E0801", f"{spec} has no run in ./runs", hint=f"`treadle train {spec}`, or give `--weights FILE`"
        )
    return Origin(spec, checkpoint_file(found), None, Folders.around(spec, data))


def latest_run(spec: Path, parent: Path) -> Path | None:
    """The newest run folder of a spec, whatever its name, that holds trained weights."""
    runs = [run for run in map(read_run, find_runs(parent)) if _is_of(run, spec) and _is_trained(run)]
    return max((run.path for run in runs), key=lambda path: path.stat().st_mtime, default=None)


def _is_of(run: RunSummary, spec: Path) -> bool:
    """Whether a run was made by a spec of this name; damaged ones tell by the names of their folders."""
    return Path(run.spec).stem == spec.stem if run.spec else run.name.startswith(f"{spec.stem}-")


def _is_trained(run: RunSummary) -> bool:
    """Whether a checkpoint is there; one that failed before the end of an epoch holds initial values only."""
    return any(run.path.glob("*.safetensors")) and not (run.state == "failed" and run.epochs == 0)


def leaf_values(origin: Origin, model: ModelGraph) -> dict[str, Array]:
    """The values of a model's leaves in its checkpoint, averages before the parameters that they average.

    Raises:
        TreadleError: E0802 for a damaged file, E0803 to E0806 for leaves that differ.
    """
    types = {name: leaf.type for name, leaf in model.leaves.items()}
    values = dict(load_checkpoint(origin.weights).values)
    values |= {name: values[averaged_name(name)] for name in types if averaged_name(name) in values}
    return match_leaves(values, types, str(origin.weights))


def open_spec(origin: Origin) -> Checked:
    """The checked spec of an origin."""
    return load_spec(origin.spec)


def write_leaves(session: Session, values: Mapping[str, Any]) -> None:
    """Gives a session the values of leaves; it may hold fewer."""
    for name, value in values.items():
        session.write(name, value)
