"""Windows of a time series: `series("sunspots.csv", column = "sunspots", length = 24, test = 0.2)`.

Columns: `inputs` f32[n, length, 1] and `targets` f32[n, length, 1], the same windows `ahead` steps later. The
split is contiguous, the oldest part first, so that nothing of the future is trained on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from treadle.errors import did_you_mean, fail
from treadle.train.data.csv_table import read_columns
from treadle.train.data.request import Request
from treadle.train.data.table import Splits, Table, make_table

Values = npt.NDArray[np.float32]


def load_series(request: Request) -> Splits:
    """`series(path, column, length, ahead, stride, separator, test, validation)`.

    Raises:
        TreadleError: E0701, E0702, E0712 for wrong files, E0706 for a missing column, E0704 for one of text,
            E0708 when a split is shorter than a window.
    """
    path = request.folders.find(request.text("path"), "a text table with one row per step", request.span)
    name = request.text("column")
    columns = read_columns(path, request.text("separator", ","), request, header=True)
    if name not in columns:
        hint = did_you_mean(name, columns) or f"it has: {', '.join(columns)}"
        fail("E0706", f"{path} has no column `{name}`", request.span, hint=hint)
    values = columns[name]
    if values.dtype != np.float32:
        fail("E0704", f"column `{name}` of {path} holds text; expected numbers", request.span)
    return _windows(values.astype(np.float32), request)


def _windows(values: Values, request: Request) -> Splits:
    length = request.integer("length", low=1, high=1_000_000)
    ahead = request.integer("ahead", 1, low=1, high=1_000_000)
    stride = request.integer("stride", 1, low=1)
    test = request.number("test", 0.0, low=0.0, high=1.0)
    validation = request.number("validation", 0.0, low=0.0, high=1.0)
    request.finish()
    bounds = [0, *(round(len(values) * part) for part in (1 - validation - test, 1 - test)), len(values)]
    parts = zip(("train", "validation", "test"), bounds[:-1], bounds[1:], strict=True)
    return {
        name: _split(name, values[start:stop], length, ahead, stride, request)
        for name, start, stop in parts
        if name == "train" or stop > start
    }


def _split(name: str, values: Values, length: int, ahead: int, stride: int, request: Request) -> Table:
    if len(values) < length + ahead:
        request.refuse("E0708", f"has {len(values):,} steps for `{name}`; a window needs {length + ahead:,}")
    windows = np.lib.stride_tricks.sliding_window_view(values, length + ahead)[::stride, :, None]
    columns = {"inputs": windows[:, :length], "targets": windows[:, ahead:]}
    return make_table(columns, "the series", request.span)
