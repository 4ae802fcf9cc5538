"""`treadle predict RUN`: the outputs of a trained network for inputs from a file or rows of its data."""

import json
from pathlib import Path
from typing import Annotated

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
from treadle.cli.tables import number, table
from treadle.cli.trained import OpenedModel, open_model, refuse_split
from treadle.errors import fail
from treadle.frontend.choice import choose_plan
from treadle.train.data.columns import Spans
from treadle.train.data.table import Array, Table
from treadle.train.feeds import check_inputs, load_feeds
from treadle.train.files import write_npz
from treadle.train.input_files import read_inputs
from treadle.train.prediction import predict
from treadle.train.trained import leaf_values

InputOption = Annotated[
    Path | None, typer.Option("--input", "-i", metavar="FILE", help="Inputs: .npz, .npy or .csv.")
]
SplitOption = Annotated[
    str, typer.Option("--split", metavar="SPLIT", help="Without --input: rows of this split.")
]
RowsOption = Annotated[str, typer.Option("--rows", metavar="A:B", help="Without --input: which rows.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write an .npz file.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing output file.")]

_MAX_SHOWN = 20


def run(
    target: RunArgument,
    weights: WeightsOption = None,
    name: NameOption = None,
    source: InputOption = None,
    split: SplitOption = "test",
    rows: RowsOption = "0:10",
    output: OutputOption = None,
    force: ForceOption = False,
    data: DataOption = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a trained network on inputs. A spec alone means its latest run."""
    if output is not None and output.exists() and not force:
        fail("E1004", f"{output} already exists", hint="choose another name, or replace it with `--force`")
    opened = open_model(target, weights, data, name)
    model = opened.model
    values = leaf_values(opened.origin, model)
    inputs = read_inputs(source, model) if source else _rows_of_data(opened, name, split, rows)
    where = str(source) if source else f"`{split}`"
    sizes = check_inputs(model, inputs.columns, where, Spans(), targets=False)
    sizes.pop(model.batch or "", None)
    results = predict(model, values, inputs, sizes, device, threads)
    if output is not None:
        _write(output, results)
    elif as_json:
        print(json.dumps({name: array.tolist() for name, array in results.items()}))
    else:
        print(_as_table(results))


def _rows_of_data(opened: OpenedModel, name: str | None, split: str, rows: str) -> Table:
    if not opened.checked.trains:
        fail("E1005", f"{opened.origin.spec} names no data", hint="give `--input FILE`")
    plan = choose_plan(opened.checked, name or opened.origin.train)
    feeds = load_feeds(opened.checked, plan, opened.origin.folders)
    if split not in feeds:
        refuse_split(split, feeds)
    start, stop = _range(rows, feeds[split].table.size)
    taken = feeds[split].table.take(slice(start, stop))
    return Table(dict(feeds[split].batch(taken, 0)))


def _range(text: str, size: int) -> tuple[int, int]:
    start, _, stop = text.partition(":")
    try:
        first = int(start or 0)
        last = int(stop or size) if ":" in text else first + 1
    except ValueError:
        fail("E1003", f"`--rows {text}` is no range", hint="write `--rows 3` or `--rows 0:10`")
    if not 0 <= first < min(last, size):
        fail("E1003", f"`--rows {text}` selects none of {size:,} rows")
    return first, min(last, size)


def _write(path: Path, results: dict[str, Array]) -> None:
    write_npz(path, results)
    print(f"{path}: " + ", ".join(f"{name} {list(array.shape)}" for name, array in results.items()))


def _as_table(results: dict[str, Array]) -> str:
    count = len(next(iter(results.values())))
    shown = range(min(count, _MAX_SHOWN))
    lines = [["row", *results], *([str(i), *(_cell(a[i]) for a in results.values())] for i in shown)]
    more = f"\n... {count - _MAX_SHOWN:,} more rows" if count > _MAX_SHOWN else ""
    return table(lines, left=len(lines[0])) + more


def _cell(value: Array) -> str:
    """One example's output: a number; the largest place of a vector; the shape of anything bigger."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number(float(array))
    if array.ndim == 1 and array.size > 1:
        place = int(array.argmax())
        shown = (
            " ".join(number(float(x)) for x in array[:_MAX_SHOWN])
            if array.size <= 4
            else f"{array.size} values"
        )
        return f"{shown}, largest [{place}] = {number(float(array[place]))}"
    return number(float(array[0])) if array.size == 1 else f"{list(array.shape)}"
