"""Splits: dividing one table into train, validation and test parts."""

from __future__ import annotations

import numpy as np

from treadle.train.data.request import Request
from treadle.train.data.table import Splits, Table


def split_as_asked(table: Table, request: Request) -> Splits:
    """Divides by the arguments `test`, `validation` (fractions), `shuffle` and `split_seed` of the request.

    Raises:
        TreadleError: E0708 when a part would be empty.
    """
    fractions = {
        "test": request.number("test", 0.0, low=0.0, high=1.0),
        "validation": request.number("validation", 0.0, low=0.0, high=1.0),
    }
    shuffle = request.flag("shuffle", default=True)
    seed = request.integer("split_seed", 0)
    request.finish()
    counts = {name: round(fraction * table.size) for name, fraction in fractions.items() if fraction > 0}
    _refuse_empty(table, counts, request)
    rows = np.random.default_rng(seed).permutation(table.size) if shuffle else np.arange(table.size)
    splits = {"train": table.take(rows[: table.size - sum(counts.values())])} if counts else {"train": table}
    stop = table.size
    for name, count in counts.items():
        splits[name] = table.take(rows[stop - count : stop])
        stop -= count
    return splits


def _refuse_empty(table: Table, counts: dict[str, int], request: Request) -> None:
    left = table.size - sum(counts.values())
    for name, count in {"train": left, **counts}.items():
        if count <= 0:
            request.refuse("E0708", f"leaves no examples for `{name}` out of {table.size:,}")
