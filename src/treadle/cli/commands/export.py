"""`treadle export RUN`: a trained network as a file that other tools run."""

from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.options import DataOption, NameOption, QuietOption, RunArgument, WeightsOption
from treadle.cli.trained import open_trained
from treadle.errors import did_you_mean, fail
from treadle.interop.models import model_to_onnx
from treadle.train.files import write_atomically
from treadle.train.trained import leaf_values

FormatOption = Annotated[str, typer.Option("--to", help="The format: onnx.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of the model's name.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]

_FORMATS = {"onnx": model_to_onnx}


def run(
    target: RunArgument,
    to: FormatOption = "onnx",
    weights: WeightsOption = None,
    name: NameOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    data: DataOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a trained network for other tools; sizes that the spec leaves open stay open.

    Examples: treadle export lenet -o lenet.onnx | treadle export runs/lenet-1 --to onnx
    """
    if to not in _FORMATS:
        fail("E1003", f"there is no format `{to}`", hint=did_you_mean(to, _FORMATS) or "formats are: onnx")
    opened = open_trained(target, weights, data, name)
    model = opened.plan.eval
    path = output or Path(f"{model.name}.{to}")
    if path.exists() and not force:
        fail("E1004", f"{path} already exists", hint="choose another name, or replace it with `--force`")
    content = _FORMATS[to](model, leaf_values(opened.origin, model))
    write_atomically(path, content)
    if not quiet:
        print(f"{path}: {len(content):,} bytes")
