"""Tables of numbers in text files: `csv("iris.csv", target = "species", test = 0.2)`.

Every named column becomes a column of its own (f32; text columns become class numbers, i64, in sorted
order). The numeric columns other than the target are also stacked as `data` (f32[n, k]), and the target
is `target`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NoReturn

import numpy as np

from treadle.errors import did_you_mean, fail
from treadle.train.data.cells import Cells, text_rows
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table


def load_csv(request: Request) -> Splits:
    """`csv(path, target, separator, header, test, validation, shuffle, split_seed)`.

    Raises:
        TreadleError: E0701 for a missing file, E0702 for ragged rows, E0706 for a missing target column,
            E0712 for cells that are no finite numbers.
    """
    path = request.folders.find(request.text("path"), "a text table with one row per example", request.span)
    target = request.optional_text("target")
    separator = request.text("separator", ",")
    header = request.flag("header", default=True)
    columns = read_columns(path, separator, request, header=header)
    if target is not None and target not in columns:
        hint = did_you_mean(target, columns) or f"it has: {', '.join(columns)}"
        fail("E0706", f"{path} has no column `{target}`", request.span, hint=hint)
    return split_as_asked(make_table(_with_stacked(columns, target), str(path), request.span), request)


def read_columns(path: Path, separator: str, request: Request, *, header: bool) -> dict[str, Array]:
    """The columns of a text table: f32, or class numbers (i64) of text.

    Raises:
        TreadleError: E0702 for ragged rows, E0712 for cells that are no finite numbers.
    """
    if len(separator) != 1 or separator in '"\r\n':
        request.refuse("E0314", f"needs one character for `separator`, not {separator!r}")
    rows = text_rows(path, separator, request.span)
    first = next(rows, None)
    second = next(rows, None) if header else first
    if first is None or second is None:
        expected = f"{'a header and ' * header}one row per example"
        fail("E0702", f"{path} holds no rows: expected {expected}", request.span)
    names = _names(first, path, request) if header else [f"column{i + 1}" for i in range(len(first))]
    columns = [Cells() for _ in names]
    _take(second, columns, names, path, request)
    for row in rows:
        _take(row, columns, names, path, request)
    return {name: column.values() for name, column in zip(names, columns, strict=True)}


def _names(cells: list[str], path: Path, request: Request) -> list[str]:
    names = [name.strip() for name in cells]
    repeated, count = Counter(names).most_common(1)[0]
    if count > 1:
        fail("E0702", f"{path}: two columns are named `{repeated}`", request.span)
    return names


def _take(row: list[str], columns: list[Cells], names: list[str], path: Path, request: Request) -> None:
    for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
        if not column.add(cell.strip()):
            _refuse_cell(column, names[place], path, request)


def _refuse_cell(column: Cells, name: str, path: Path, request: Request) -> NoReturn:
    row, cell = column.wrong
    found = f"row {row} of column `{name}`: expected a finite number, found {cell!r}"
    fail("E0712", f"{path}: {found}", request.span)


def _with_stacked(columns: dict[str, Array], target: str | None) -> dict[str, Array]:
    numeric = [array for name, array in columns.items() if name != target and array.dtype.kind == "f"]
    result = dict(columns)
    if numeric:
        result["data"] = np.stack(numeric, axis=1)
    if target is not None:
        result["target"] = columns[target]
    return result
