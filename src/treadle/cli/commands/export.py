"""`treadle export RUN`: a network as a file for other tools, or as a Python module that needs no Treadle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.options import DataOption, NameOption, QuietOption, WeightsOption
from treadle.cli.trained import open_trained, origin_of
from treadle.errors import did_you_mean, fail
from treadle.frontend.choice import choose_model, choose_plan
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked, ModelGraph, TrainPlan
from treadle.interop.models import model_to_onnx
from treadle.interop.standalone.archive import npz_bytes
from treadle.interop.standalone.module import export_module
from treadle.interop.standalone.values import (
    Values,
    model_values,
    starting_values,
    trained_values,
    training_values,
)
from treadle.train.files import write_atomically
from treadle.train.trained import Origin, latest_run, leaf_values, open_spec

TargetArgument = Annotated[
    str, typer.Argument(metavar="RUN|SPEC", help="A run folder, or a spec, with --weights or not.")
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="FORMAT",
        help="onnx; python (a module with Numba); numpy (a module with NumPy alone).",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of the model's name.")
]
TrainOption = Annotated[bool, typer.Option("--train", help="The training step, too (python and numpy).")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.")]

_ENDINGS = {"onnx": ".onnx", "python": ".py", "numpy": ".py"}


@dataclass(frozen=True)
class _Request:
    """What is to be exported: options as they were given."""

    target: str
    to: str
    weights: Path | None
    name: str | None
    data: Path | None
    train: bool


def run(
    target: TargetArgument,
    to: FormatOption = "onnx",
    train: TrainOption = False,
    weights: WeightsOption = None,
    name: NameOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    data: DataOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a network for other tools; sizes that the spec leaves open stay open."""
    if to not in _ENDINGS:
        known = f"formats are: {', '.join(_ENDINGS)}"
        fail("E1003", f"there is no format `{to}`", hint=did_you_mean(to, _ENDINGS) or known)
    if train and to == "onnx":
        fail("E1003", "`--train` has no meaning with `--to onnx`", hint="add `--to python` or `--to numpy`")
    request = _Request(target, to, weights, name, data, train)
    title, contents, note = (_onnx if to == "onnx" else _module)(request)
    path = output or Path(title + _ENDINGS[to])
    files = {
        path if ending == _ENDINGS[to] else path.with_suffix(ending): c for ending, c in contents.items()
    }
    for file in files:
        if file.exists() and not force:
            fail("E1004", f"{file} already exists", hint="choose another name, or replace it with `--force`")
    for file, content in files.items():
        write_atomically(file, content)
        if not quiet:
            print(f"{file}: {len(content):,} bytes{note if file.suffix == '.npz' else ''}")


def _onnx(request: _Request) -> tuple[str, dict[str, bytes], str]:
    opened = open_trained(request.target, request.weights, request.data, request.name)
    model = opened.plan.eval
    return model.name, {".onnx": model_to_onnx(model, leaf_values(opened.origin, model))}, ""


def _module(request: _Request) -> tuple[str, dict[str, bytes], str]:
    """A module, and beside it the weights."""
    origin = _origin(request)
    checked = open_spec(origin) if origin else load_spec(find_spec(request.target))
    model, plan = _chosen(checked, request.name or (origin.train if origin else None), request.train)
    values, note = _values(origin, model, plan, train=request.train)
    module = export_module(model, checked.source, plan if request.train else None, request.to)
    contents = {".py": module.text.encode(), ".npz": npz_bytes(values)}
    return model.name, contents, f" ({note})"


def _origin(request: _Request) -> Origin | None:
    """Where weights are from; None for a spec that has no run yet."""
    path = Path(request.target)
    if (
        request.weights is None
        and not path.is_dir()
        and latest_run(find_spec(request.target), Path("runs")) is None
    ):
        return None
    return origin_of(request.target, request.weights, request.data)


def _chosen(checked: Checked, name: str | None, train: bool) -> tuple[ModelGraph, TrainPlan | None]:
    if train or (checked.trains and (name is None or name in checked.trains)):
        plan = choose_plan(checked, name)
        return plan.eval, plan
    return choose_model(checked, name), None


def _values(
    origin: Origin | None, model: ModelGraph, plan: TrainPlan | None, *, train: bool
) -> tuple[Values, str]:
    if plan is None:
        return trained_values(origin, model) if origin else model_values(model)
    if origin is None:
        values, note = starting_values(plan)
    else:
        values, note = training_values(origin, plan) if train else trained_values(origin, model)
    return {name: value for name, value in values.items() if train or name in model.leaves}, note
