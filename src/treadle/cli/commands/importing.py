"""`treadle import MODEL`: a model of another tool as a spec and its weights."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli.options import JsonOption, QuietOption
from treadle.errors import fail
from treadle.interop.model_files import ImportRequest, SpecFiles, onnx_to_spec
from treadle.train.checkpoint import save_checkpoint
from treadle.train.files import write_atomically

ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="An .onnx file.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="The spec; beside the model by default.")
]
FixOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fix", metavar="NAME=VALUE", help="An input that becomes a constant, as JSON; repeatable."
    ),
]
TrainOption = Annotated[
    str, typer.Option("--train", metavar="FILE", help="Add a target, a loss and training on this .npz file.")
]
LossOption = Annotated[
    str,
    typer.Option("--loss", metavar="NAME", help="With --train: instead of the loss that fits the output."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.")]


def run(
    model: ModelArgument,
    output: OutputOption = None,
    fix: FixOption = None,
    train: TrainOption = "",
    loss: LossOption = "",
    force: ForceOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Turn an ONNX model into a readable spec and a .safetensors file of its weights."""
    spec = output or model.with_suffix(".tdl")
    weights = spec.with_suffix(".safetensors")
    if model.suffix == spec.suffix:
        fail("E1003", f"{model} is a spec already", hint="`treadle import` takes an .onnx file")
    if train and not Path(train).is_file():
        fail("E0701", f"data file {train} was not found", hint="`--train` takes an .npz file of examples")
    if not force:
        _refuse_existing(spec, weights)
    fixed = dict(_fixed(text) for text in fix or [])
    files = onnx_to_spec(model, ImportRequest(fixed, weights.name, train, loss))
    save_checkpoint(weights, files.checkpoint)
    write_atomically(spec, files.text.encode())
    if as_json:
        print(json.dumps(_facts(spec, weights, files)))
    elif not quiet:
        print(_summary(spec, weights, files))


def _refuse_existing(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            fail("E1004", f"{path} already exists", hint="choose another name, or replace it with `--force`")


def _fixed(text: str) -> tuple[str, Any]:
    """`shape=[2, 3]` as a name and an array."""
    import numpy as np  # noqa: PLC0415 - other commands start faster without it

    name, _, value = text.partition("=")
    try:
        array = np.array(json.loads(value))
    except ValueError:
        array = None
    if not name or array is None or array.dtype == object:
        fail("E1003", f"`--fix {text}` gives no input a value", hint="write it as JSON: `--fix shape=[2,3]`")
    return name, array


def _facts(spec: Path, weights: Path, files: SpecFiles) -> dict[str, Any]:
    return {
        "spec": str(spec),
        "weights": str(weights),
        "numbers": _numbers(files),
        "inputs": dict(files.inputs),
        "outputs": dict(files.outputs),
    }


def _numbers(files: SpecFiles) -> int:
    return sum(array.size for array in files.checkpoint.values.values())


def _summary(spec: Path, weights: Path, files: SpecFiles) -> str:
    lines = len(files.text.splitlines())
    ends = f"inputs {', '.join(files.inputs.values())}; outputs {', '.join(files.outputs.values())}"
    return (
        f"{spec}: {lines:,} lines; {ends}\n"
        f"{weights}: {_numbers(files):,} numbers in {len(files.checkpoint.values):,} tensors"
    )
