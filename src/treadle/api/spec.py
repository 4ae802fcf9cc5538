"""Specs as objects: `load` reads one, `compile` makes a network of it.

Input: a path, the name of a gallery spec, or the text itself. Output: `Spec`, `Network`. Mistakes end in a
`TreadleError` whose text points into the spec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from treadle.api.network import Network, Setting
from treadle.api.pictures import Picture
from treadle.frontend.choice import choose_model, choose_plan
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec, load_text
from treadle.frontend.result import Checked, ModelGraph, TrainPlan
from treadle.train.data.folders import Folders
from treadle.train.ema import with_settings
from treadle.train.summary import Summary, summarise
from treadle.viz import What, Wish, subject_of


class Spec:
    """A checked spec; in a notebook it shows its picture.

    Attributes:
        path: its file; None for a text.
    """

    def __init__(self, checked: Checked, path: Path | None = None) -> None:
        """`load` is the way to call it."""
        self._checked = checked
        self.path = path

    def __repr__(self) -> str:
        trains = f", train blocks {', '.join(self.trains)}" if self.trains else ""
        return f"<Spec {self.name}: models {', '.join(self.models)}{trains}>"

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return Path(self._checked.source.name).stem

    @property
    def text(self) -> str:
        """The text as it was read."""
        return self._checked.source.text

    @property
    def models(self) -> Mapping[str, ModelGraph]:
        """The models that need no arguments, by name, expanded for evaluation."""
        return self._checked.models

    @property
    def trains(self) -> tuple[str, ...]:
        """The names of the train blocks."""
        return tuple(self._checked.trains)

    def summary(self, model: str | None = None) -> Summary:
        """Layers with output shapes, parameters and multiply-adds.

        Raises:
            TreadleError: E1005 for an unknown model, or several and no name.
        """
        return summarise(choose_model(self._checked, model, "model=NAME"))

    def draw(
        self,
        what: What = "forward",
        *,
        model: str | None = None,
        phase: str | None = None,
        depth: int | None = None,
        opened: Sequence[str] = (),
        closed: Sequence[str] = (),
    ) -> Picture:
        """A picture, which a notebook shows; `spec.draw("joint").save("net.svg")` writes it.

        Args:
            what: forward, backward, joint, second, kernels or memory.
            model: which one, when the spec has several.
            phase: draws the objective of this phase of training.
            depth: folds layers nested deeper than this.
            opened: names of layers that are not folded.
            closed: names of layers that are.

        Raises:
            TreadleError: E1005 for an unknown model or phase, E1003 for an unknown layer.
        """
        wish = Wish(what, depth, opened, closed)
        return Picture(subject_of(self._checked, what, model, phase), wish)

    def _repr_mimebundle_(self, **wanted: object) -> dict[str, str]:
        """What a notebook shows: the picture where one model is meant, else the text."""
        if len(self._checked.trains) != 1 and len(self.models) != 1:
            return {"text/plain": f"{self!r}\n\n{self.text}"}
        return self.draw()._repr_mimebundle_(**wanted) | {"text/plain": repr(self)}

    def compile(
        self,
        name: str | None = None,
        *,
        device: str = "cpu",
        threads: int | None = None,
        seed: int | None = None,
        weights: str | Path | None = None,
        data: str | Path | None = None,
    ) -> Network:
        """A network of this spec; see `treadle.compile`."""
        plan = self._plan(name)
        model = plan.eval if plan else choose_model(self._checked, name, "name=NAME")
        chosen = (plan.seed if plan else 0) if seed is None else seed
        folders = Folders.around(self.path, None if data is None else Path(data))
        network = Network(Setting(self._checked, model, plan, folders, device, threads, chosen))
        if weights is not None:
            network.load(weights)
        return network

    def _plan(self, name: str | None) -> TrainPlan | None:
        """The train block that is meant; None where a model alone is."""
        trains = self._checked.trains
        if not trains or (name not in trains and name in self._checked.models):
            return None
        return with_settings(choose_plan(self._checked, name, "name=NAME"))


def load(spec: str | Path) -> Spec:
    """Reads and checks a spec.

    Args:
        spec: a path, the name of a gallery spec such as `"lenet"`, or a text of several lines.

    Raises:
        TreadleError: with all mistakes found; E1001 when there is no such file.
    """
    if isinstance(spec, str) and ("\n" in spec or "{" in spec):
        return Spec(load_text(spec))
    path = find_spec(str(spec))
    return Spec(load_spec(path), path)


def compile(  # noqa: A001 - as the mathematics of the field calls it
    spec: Spec | str | Path,
    name: str | None = None,
    *,
    device: str = "cpu",
    threads: int | None = None,
    seed: int | None = None,
    weights: str | Path | None = None,
    data: str | Path | None = None,
) -> Network:
    """A network that runs on NumPy arrays; kernels are compiled when they are first needed.

    Args:
        spec: a `Spec`, or what `load` takes.
        name: which train block or model, when the spec has several.
        device: `cpu` and `cuda` compile kernels; `numpy` interprets.
        threads: as many as there are cores when None.
        seed: instead of the spec's; decides initial values, order of examples and draws.
        weights: a .safetensors file, instead of initial values.
        data: the folder of the data files.

    Raises:
        TreadleError: with all mistakes found; E1005 for an unknown name, or several and no name.
    """
    chosen = spec if isinstance(spec, Spec) else load(spec)
    return chosen.compile(name, device=device, threads=threads, seed=seed, weights=weights, data=data)
