"""The small data sets that scikit-learn ships: `sklearn("digits", test = 0.2)`.

Columns: `data` f32[n, k] and `target` i64[n] (diabetes: f32[n]); digits also has `images` f32[n, 8, 8].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from treadle.errors import did_you_mean, fail
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table

_NAMES = ("digits", "iris", "wine", "diabetes", "breast_cancer")


def load_sklearn(request: Request) -> Splits:
    """`sklearn(name, test, validation, shuffle, split_seed)`.

    Raises:
        TreadleError: E0705 for an unknown set, E1007 when scikit-learn is not installed.
    """
    name = request.text("name")
    if name not in _NAMES:
        hint = did_you_mean(name, _NAMES) or f"sets are: {', '.join(_NAMES)}"
        fail("E0705", f"scikit-learn has no data set `{name}`", request.span, hint=hint)
    table = make_table(_columns(name, _bunch(name, request)), f"scikit-learn's `{name}`", request.span)
    return split_as_asked(table, request)


def _bunch(name: str, request: Request) -> Any:
    try:
        from sklearn import datasets  # noqa: PLC0415 - half a second, paid only when such a set is used
    except ImportError:
        fail("E1007", "the package scikit-learn is missing", request.span, hint="pip install scikit-learn")
    return getattr(datasets, f"load_{name}")()


def _columns(name: str, bunch: Any) -> dict[str, Array]:
    kind = np.float32 if name == "diabetes" else np.int64
    columns = {"data": bunch.data.astype(np.float32), "target": bunch.target.astype(kind)}
    if name == "digits":
        columns["images"] = bunch.images.astype(np.float32)
    return columns
