"""`treadle study RUN`: where a trained network stands and what it looks at, as pictures, arrays and JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from treadle.cli.options import (
    DataOption,
    DeviceOption,
    JsonOption,
    NameOption,
    RunArgument,
    ThreadsOption,
    WeightsOption,
)
from treadle.cli.trained import open_trained
from treadle.errors import did_you_mean, fail
from treadle.train.data.table import TRAIN, Array
from treadle.train.feeds import load_feeds
from treadle.train.files import write_atomically, write_npz
from treadle.train.study.curvature import curvature
from treadle.train.study.looks import (
    Network,
    activations,
    decision_regions,
    saliency,
    weight_pictures,
)
from treadle.train.study.probe import Probe
from treadle.train.study.surface import loss_surface
from treadle.train.trained import leaf_values
from treadle.viz import study as pictures

StudyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="STUDY", help="Which studies; all that fit by default.")
]
DirectionsOption = Annotated[
    str,
    typer.Option(
        "--directions", metavar="KIND", help="Of the surface: `random` (filter-normalised) or `gradient`."
    ),
]
RowsOption = Annotated[
    int, typer.Option("--rows", metavar="N", min=1, help="How many examples are looked at.")
]
PointsOption = Annotated[
    int, typer.Option("--points", metavar="N", min=3, help="Points of the surface in each direction.")
]
ReachOption = Annotated[
    float, typer.Option("--reach", help="How far the surface goes, in lengths of the weights.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", "--out", metavar="DIR", help="The folder of results; studies/NAME by default."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing study.")]

_PICTURED = 8  # examples in pictures of saliency and activations


@dataclass
class _Study:
    """What studies are made of, and what they have found."""

    probe: Probe
    network: Network
    columns: Mapping[str, Array]
    directions: str
    points: int
    reach: float
    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def regions(self) -> None:
        """Decision regions, for a model of two features."""
        model = self.network.model
        points = np.asarray(self.columns[model.inputs[0]]) if len(model.inputs) == 1 else np.zeros((0, 0))
        found = decision_regions(self.network, points)
        if found is not None:
            labels = next((np.asarray(self.columns[name]) for name in model.targets), None)
            self.files["regions.png"] = pictures.regions_png(found, points, labels)
            self.arrays |= {"regions.x": found.x, "regions.y": found.y, "regions.answers": found.answers}

    def surface(self) -> None:
        """The loss around the weights."""
        directions: Any = self.directions
        found = loss_surface(self.probe, directions, self.points, self.reach)
        self.files["surface.png"] = pictures.surface_png(found)
        self.arrays |= {"surface.steps": found.steps, "surface.losses": found.losses}
        self.facts["surface"] = {"directions": found.directions, "lowest": float(found.losses.min())}

    def curvature(self) -> None:
        """Eigenvalues of the Hessian."""
        found = curvature(self.probe)
        self.files["curvature.png"] = pictures.curvature_png(found)
        self.arrays["curvature.eigenvalues"] = found.eigenvalues
        self.facts["curvature"] = {
            "smallest": float(found.eigenvalues.min()),
            "largest": float(found.eigenvalues.max()),
            "all": found.complete,
            "gradient": found.gradient_norm,
            "verdict": found.verdict,
        }

    def gradients(self) -> None:
        """The gradient of each parameter."""
        norms = {name: _root_mean_square(array) for name, array in self.probe.gradients().items()}
        self.files["gradients.png"] = pictures.flow_png(norms)
        self.facts["gradients"] = norms

    def weights(self) -> None:
        """Weights as pictures."""
        found = weight_pictures(self.network.leaves, self.probe.names)
        if found:
            self.files["weights.png"] = pictures.pictures_png(found)

    def saliency(self) -> None:
        """What the loss depends on."""
        found = saliency(self.network, self.columns, self.probe.sizes)
        self.arrays |= {f"saliency.{name}": array for name, array in found.items()}
        images = {name: _as_pictures(array) for name, array in found.items() if array.ndim in (3, 4)}
        if images:
            self.files["saliency.png"] = pictures.pictures_png(images)

    def activations(self) -> None:
        """What convolutions answer to the first example."""
        found = activations(self.network, self.columns, self.probe.sizes)
        if found:
            self.files["activations.png"] = pictures.pictures_png({n: a[0] for n, a in found.items()})

    def write(self, folder: Path) -> None:
        """Writes all files."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            write_atomically(folder / name, content)
        write_npz(folder / "study.npz", self.arrays)
        write_atomically(folder / "study.json", json.dumps(self.facts, indent=2).encode() + b"\n")


_STUDIES: dict[str, Callable[[_Study], None]] = {
    "regions": _Study.regions,
    "surface": _Study.surface,
    "curvature": _Study.curvature,
    "gradients": _Study.gradients,
    "weights": _Study.weights,
    "saliency": _Study.saliency,
    "activations": _Study.activations,
}


def run(
    target: RunArgument,
    weights: WeightsOption = None,
    name: NameOption = None,
    only: StudyOption = None,
    directions: DirectionsOption = "random",
    points: PointsOption = 21,
    reach: ReachOption = 1.0,
    rows: RowsOption = 256,
    out: FolderOption = None,
    force: ForceOption = False,
    data: DataOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Study a trained network. A spec alone means its latest run."""
    chosen = [_known(study, _STUDIES) for study in only or _STUDIES]
    _known(directions, ("random", "gradient"))
    opened = open_trained(target, weights, data, name)
    folder = out or Path("studies") / opened.plan.name
    if (folder / "study.json").exists() and not force:
        fail(
            "E1004",
            f"{folder} holds a study already",
            hint="choose another with `--output`, or use `--force`",
        )
    model, values = opened.plan.eval, leaf_values(opened.origin, opened.plan.eval)
    feeds = load_feeds(opened.checked, opened.plan, opened.origin.folders)
    feed = feeds.get(TRAIN)
    columns = dict(feed.batch(feed.table.take(slice(0, rows)), 0)) if feed else {}
    sizes = dict.fromkeys(model.graph.symbols(), min(rows, feed.table.size) if feed else opened.plan.batch)
    sizes |= dict(feed.sizes) if feed else {}
    probe = Probe(model, values, columns, sizes, device, threads)
    study = _Study(probe, Network(model, values, device, threads), columns, directions, points, reach)
    for one in chosen:
        _STUDIES[one](study)
    study.write(folder)
    _show(study, folder, as_json=as_json)


def _known(name: str, names: Any) -> str:
    if name not in names:
        hint = did_you_mean(name, names) or f"there are: {', '.join(names)}"
        fail("E1003", f"there is no `{name}`", hint=hint)
    return name


def _show(study: _Study, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**study.facts, "folder": str(folder)}, indent=2))
        return
    found = study.facts.get("curvature")
    if found is not None:
        ends = f"eigenvalues from {found['smallest']:.4g} to {found['largest']:.4g}"
        print(f"{found['verdict']}; {ends}; gradient {found['gradient']:.3g}")
    print(f"{folder}: {', '.join([*study.files, 'study.npz', 'study.json'])}")


def _root_mean_square(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(np.asarray(array, np.float64)))))


def _as_pictures(array: Array) -> Array:
    """The first examples as pictures; colours are added up."""
    first = np.asarray(array)[:_PICTURED]
    return first.sum(axis=1) if first.ndim == 4 else first
