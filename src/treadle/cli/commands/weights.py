"""`treadle weights FILE`: what a checkpoint or another safetensors file holds, or how two of them differ."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.options import JsonOption
from treadle.cli.tables import number, table
from treadle.cli.trained import suggest_run
from treadle.train.checkpoint import checkpoint_file
from treadle.train.tensor_files import TensorFile, open_tensors
from treadle.train.weight_list import TensorChange, TensorFacts, changes, facts_of

FileArgument = Annotated[
    Path,
    typer.Argument(metavar="FILE|RUN", help="A .safetensors file, or a run folder: its best checkpoint."),
]
OtherArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE|RUN]", help="Another one to compare with.")
]
AllOption = Annotated[bool, typer.Option("--all", help="When comparing: equal tensors, too.")]


def run(
    file: FileArgument, other: OtherArgument = None, show_all: AllOption = False, as_json: JsonOption = False
) -> None:
    """List the tensors of a file with their statistics, or compare two files."""
    for path in filter(None, (file, other)):
        suggest_run(path)
    first = open_tensors(checkpoint_file(file))
    if other is None:
        _list(first, as_json=as_json)
        return
    second = open_tensors(checkpoint_file(other))
    found = changes(first, second)
    if as_json:
        print(
            json.dumps(
                {"files": [str(first.path), str(second.path)], "tensors": [asdict(one) for one in found]}
            )
        )
        return
    shown = [one for one in found if show_all or one.kind != "equal"]
    equal = sum(one.kind == "equal" for one in found)
    print(f"{first.path} and {second.path}: {equal:,} of {len(found):,} tensors are equal")
    if shown:
        print("\n" + table([_CHANGE_HEADINGS, *map(_change_row, shown)], left=2))


_HEADINGS = ("name", "type", "shape", "elements", "mean", "std", "min", "max")
_CHANGE_HEADINGS = ("name", "difference", "first", "second", "largest", "relative")


def _list(file: TensorFile, *, as_json: bool) -> None:
    found = facts_of(file)
    if as_json:
        content = {
            "file": str(file.path),
            "metadata": dict(file.metadata),
            "tensors": [asdict(one) for one in found],
        }
        print(json.dumps(content, indent=2))
        return
    total = sum(one.size for one in found)
    print(f"{file.path}: {len(found):,} tensors, {total:,} elements, {file.path.stat().st_size:,} bytes")
    if found:
        print("\n" + table([_HEADINGS, *map(_row, found)], left=3))


def _row(one: TensorFacts) -> list[str]:
    figures = [_figure(value) for value in (one.mean, one.std, one.low, one.high)]
    wrong = [f"{one.wrong:,} not finite"] if one.wrong else []
    return [one.name, one.dtype, str(list(one.shape)), f"{one.size:,}", *figures, *wrong]


def _change_row(one: TensorChange) -> list[str]:
    shapes = ["" if shape is None else str(list(shape)) for shape in (one.first, one.second)]
    return [one.name, one.kind, *shapes, _figure(one.largest), _figure(one.relative)]


def _figure(value: float | None) -> str:
    return "" if value is None else number(value)
