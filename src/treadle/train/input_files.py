"""Files that hold inputs for prediction: `.npz` (arrays by input name), `.npy` (one input), `.csv` (one row
each).

Values are brought to the element types that the model declares; shapes must fit.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from treadle.errors import did_you_mean, fail
from treadle.frontend.result import ModelGraph
from treadle.train.data.cells import parse_numbers, text_rows
from treadle.train.data.folders import Folders
from treadle.train.data.npy import read_npy
from treadle.train.data.npz import read_npz
from treadle.train.data.numbers import finite_numbers, whole_numbers
from treadle.train.data.request import Request
from treadle.train.data.table import Array, Table, make_table
from treadle.train.data.unpacked import Unpacked
from treadle.types import TensorType


def read_inputs(path: Path, model: ModelGraph) -> Table:
    """The inputs of a model in a file.

    Raises:
        TreadleError: E0701 for a missing file, E0702 for a damaged one, E0704 and E0712 for numbers that
            do not fit, E0706 for a missing array, E1003 for an unknown ending.
    """
    if not path.is_file():
        fail("E0701", f"input file {path} was not found; expected .npz, .npy or .csv")
    types = {name: model.graph.inputs[name].type for name in model.inputs}
    readers = {".npz": _read_npz, ".npy": _read_npy, ".csv": _read_csv}
    if path.suffix not in readers:
        fail("E1003", f"{path} has an unknown ending", hint="input files are .npz, .npy or .csv")
    found = readers[path.suffix](path, types)
    arrays = {name: _as_declared(name, found[name], type_, path) for name, type_ in types.items()}
    return make_table(arrays, str(path))


def _as_declared(name: str, array: Array, type_: TensorType, path: Path) -> Array:
    what = f"`{name}` of {path}"
    if type_.dtype.is_int:
        array = whole_numbers(array, what, None)
    with np.errstate(over="ignore"):  # beyond the range of a smaller float is infinite
        return finite_numbers(array, what, None).astype(type_.dtype.numpy_name)


def _read_npz(path: Path, types: Mapping[str, TensorType]) -> dict[str, Array]:
    arrays = read_npz(path, Request("npz", folders=Folders(())))
    for name in types:
        if name not in arrays:
            hint = did_you_mean(name, arrays) or f"it has: {', '.join(arrays)}"
            fail("E0706", f"{path} has no array `{name}`, which the model reads", hint=hint)
    return arrays


def _read_npy(path: Path, types: Mapping[str, TensorType]) -> dict[str, Array]:
    try:
        with Unpacked(path) as stream:
            values = read_npy(stream, path.stat().st_size)
    except (OSError, ValueError) as error:
        fail("E0702", f"{path} is not a whole .npy file without pickles: {error}")
    if values is None or not values.ndim:
        fail("E0704", f"{path} holds no numbers, or a single one; expected a row for each example")
    return {_only(types, path): values}


def _read_csv(path: Path, types: Mapping[str, TensorType]) -> dict[str, Array]:
    name = _only(types, path)
    values = _numbers(path)
    example = tuple(dim for dim in types[name].shape[1:] if isinstance(dim, int))
    if values.shape[1] == math.prod(example):
        values = values.reshape(len(values), *example)
    return {name: values}


def _numbers(path: Path) -> Array:
    """The numbers of a text table [rows, columns].

    Raises:
        TreadleError: E0702, E0708 for an empty file, E0712 for cells that are no finite numbers.
    """
    found, rows = array("d"), 0
    for row in text_rows(path, ",", None):
        rows += 1
        try:
            found.extend(parse_numbers(row))
        except ValueError as error:
            hint = "input files have no header" if rows == 1 else None
            fail("E0712", f"{path}: row {rows}: {error}", hint=hint)
    if not rows:
        fail("E0708", f"{path} has no rows")
    return np.frombuffer(found, np.float64).reshape(rows, -1)


def _only(types: Mapping[str, TensorType], path: Path) -> str:
    if len(types) != 1:
        fail("E0706", f"{path} holds one array, the model reads {', '.join(types)}", hint="use a .npz file")
    return next(iter(types))
