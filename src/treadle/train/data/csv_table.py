"""Tables of numbers in text files: `csv("iris.csv", target = "species", test = 0.2)`.

Every named column becomes a column of its own (f32; text columns become class numbers, i64, in sorted
order). The numeric columns other than the target are also stacked as `data` (f32[n, k]), and the target
is `target`.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from treadle.errors import did_you_mean, fail
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table

_MAX_CELLS = 200_000_000


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
    names, rows = _read(path, separator, header, request)
    return {name: _column(name, i, rows, path, request) for i, name in enumerate(names)}


def _read(path: Path, separator: str, header: bool, request: Request) -> tuple[list[str], list[list[str]]]:
    if len(separator) != 1:
        request.refuse("E0314", f"needs one character for `separator`, not {separator!r}")
    rows: list[list[str]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            for row in csv.reader(stream, delimiter=separator):
                if row:
                    _check_row(row, rows, path, request)
                    rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail("E0702", f"{path} cannot be read as a text table: {error}", request.span)
    if len(rows) <= header:
        fail(
            "E0702",
            f"{path} holds no rows: expected {'a header and ' * header}one row per example",
            request.span,
        )
    if not header:
        return [f"column{i + 1}" for i in range(len(rows[0]))], rows
    return _unique([name.strip() for name in rows[0]], path, request), rows[1:]


def _check_row(row: list[str], rows: list[list[str]], path: Path, request: Request) -> None:
    if rows and len(row) != len(rows[0]):
        fail(
            "E0702",
            f"{path}: row {len(rows) + 1}: expected {len(rows[0])} cells, found {len(row)}",
            request.span,
        )
    if len(rows) * len(row) > _MAX_CELLS:
        fail("E0702", f"{path} has more than {_MAX_CELLS:,} cells", request.span)


def _unique(names: list[str], path: Path, request: Request) -> list[str]:
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        fail("E0702", f"{path}: two columns are named `{repeated}`", request.span)
    return names


def _column(name: str, index: int, rows: list[list[str]], path: Path, request: Request) -> Array:
    cells = [row[index].strip() for row in rows]
    if not _is_number(cells[0]):
        return np.unique(cells, return_inverse=True)[1].astype(np.int64)
    values = np.empty(len(cells), np.float32)
    for row, cell in enumerate(cells):
        if not _is_number(cell):
            fail(
                "E0712",
                f"{path}: row {row + 1} of column `{name}`: expected a finite number, found {cell!r}",
                request.span,
            )
        values[row] = float(cell)
    return values


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _with_stacked(columns: dict[str, Array], target: str | None) -> dict[str, Array]:
    numeric = [array for name, array in columns.items() if name != target and array.dtype.kind == "f"]
    result = dict(columns)
    if numeric:
        result["data"] = np.stack(numeric, axis=1)
    if target is not None:
        result["target"] = columns[target]
    return result
