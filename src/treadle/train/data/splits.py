"""Splits: dividing one table into train, validation and test parts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from treadle.train.data.request import Request
from treadle.train.data.table import Splits, Table

Rows = npt.NDArray[np.int64]


def split_as_asked(table: Table, request: Request) -> Splits:
    """Divides by the arguments `test`, `validation` (fractions), `shuffle` and `split_seed` of the request.

    With `folds = k` and `fold = i`, what is not for testing is cut into k parts, and part i is `validation`.

    Raises:
        TreadleError: E0708 when a part would be empty, E0314 for folds beside a fraction.
    """
    fractions = {
        "test": request.number("test", 0.0, low=0.0, high=1.0),
        "validation": request.number("validation", 0.0, low=0.0, high=1.0),
    }
    shuffle = request.flag("shuffle", default=True)
    seed = request.integer("split_seed", 0)
    folds = request.integer("folds", 1, low=1, high=1_000_000)
    fold = request.integer("fold", 0, high=folds - 1)
    request.finish()
    counts = {name: round(fraction * table.size) for name, fraction in fractions.items() if fraction > 0}
    _refuse_empty(table, counts, request)
    rows = np.random.default_rng(seed).permutation(table.size) if shuffle else np.arange(table.size)
    splits = {"train": table.take(rows[: table.size - sum(counts.values())])} if counts else {"train": table}
    stop = table.size
    for name, count in counts.items():
        splits[name] = table.take(rows[stop - count : stop])
        stop -= count
    return splits if folds == 1 else splits | _folded(rows[:stop], table, (fold, folds), request)


def _folded(rows: Rows, table: Table, fold: tuple[int, int], request: Request) -> Splits:
    """The rows without one of several parts, and that part."""
    number, count = fold
    if request.named.get("validation"):
        request.refuse("E0314", "takes `folds` or `validation`, not both")
    if len(rows) < count:
        request.refuse("E0708", f"leaves no examples for some of {count:,} folds of {len(rows):,}")
    parts = np.array_split(rows, count)
    others = np.concatenate(parts[:number] + parts[number + 1 :])
    return {"train": table.take(others), "validation": table.take(parts[number])}


def _refuse_empty(table: Table, counts: dict[str, int], request: Request) -> None:
    left = table.size - sum(counts.values())
    for name, count in {"train": left, **counts}.items():
        if count <= 0:
            request.refuse("E0708", f"leaves no examples for `{name}` out of {table.size:,}")
