"""Tables written in the spec: `table(x = [[0, 0], [0, 1], [1, 0], [1, 1]], y = [0, 1, 1, 0])`.

Each named list is a column: f32 when any number has a point, else i64. One unnamed list becomes the column
`values`, f32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table

_SPLITTING = ("test", "validation", "folds", "fold", "shuffle", "split_seed")


def load_table(request: Request) -> Splits:
    """`table(column = [...], ..., test, validation, shuffle, split_seed)`.

    Raises:
        TreadleError: E0314 for something that is no list of numbers, E0703 for ragged rows, E0712 for
            infinities.
    """
    lists: dict[str, Any] = request.others(apart=_SPLITTING)
    unnamed = request.rest()
    if len(unnamed) > 1:
        request.refuse("E0305", f"takes one unnamed list, not {len(unnamed)}", "give the columns names")
    lists |= dict(zip(("values",), unnamed, strict=False))
    columns = {name: _column(name, rows, request) for name, rows in lists.items()}
    if unnamed:
        columns["values"] = columns["values"].astype(np.float32)
    return split_as_asked(make_table(columns, "the table", request.span), request)


def _column(name: str, rows: Any, request: Request) -> Array:
    if not isinstance(rows, list | tuple):
        request.refuse("E0314", f"needs a list of numbers for `{name}`, not {rows!r}")
    try:
        array = np.array(rows)
    except ValueError:
        request.refuse("E0703", f"needs equally long rows for `{name}`")
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "iuf":
        request.refuse("E0314", f"needs numbers for `{name}`")
    if not np.isfinite(array).all():
        request.refuse("E0712", f"needs finite numbers for `{name}`")
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
