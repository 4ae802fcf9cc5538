"""The small data sets that scikit-learn ships: `sklearn("digits", test = 0.2)`.

Columns: `data` f32[n, k] and `target` i64[n] (diabetes: f32[n]); digits also has `images` f32[n, 8, 8]. The
files are read as they lie in the package where their form allows, because importing scikit-learn takes over
a second.
"""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.errors import did_you_mean, fail
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import Array, Splits, make_table

_NAMES = ("digits", "iris", "wine", "diabetes", "breast_cancer")
_FILES = {  # name: file and lines before the first row; the class is in the last column
    "digits": ("digits.csv.gz", 0),
    "iris": ("iris.csv", 1),
    "wine": ("wine_data.csv", 1),
    "breast_cancer": ("breast_cancer.csv", 1),
}

Numbers = npt.NDArray[Any]


def load_sklearn(request: Request) -> Splits:
    """`sklearn(name, test, validation, shuffle, split_seed)`.

    Raises:
        TreadleError: E0705 for an unknown set, E1007 when scikit-learn is not installed.
    """
    name = request.text("name")
    if name not in _NAMES:
        hint = did_you_mean(name, _NAMES) or f"sets are: {', '.join(_NAMES)}"
        fail("E0705", f"scikit-learn has no data set `{name}`", request.span, hint=hint)
    data, target = read_file(name) or read_with_sklearn(name, request)
    kind = np.float32 if name == "diabetes" else np.int64
    columns: dict[str, Array] = {"data": data.astype(np.float32), "target": target.astype(kind)}
    if name == "digits":
        columns["images"] = columns["data"].reshape(-1, 8, 8)
    return split_as_asked(make_table(columns, f"scikit-learn's `{name}`", request.span), request)


def read_file(name: str) -> tuple[Numbers, Numbers] | None:
    """Data and target from the package's own file; None when it is not where it used to be."""
    package = find_spec("sklearn")
    if name not in _FILES or package is None or package.origin is None:
        return None
    file, skipped = _FILES[name]
    path = Path(package.origin).parent / "datasets" / "data" / file
    if not path.is_file():
        return None
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
        rows = stream.read().split("\n")[skipped:]
    table = np.array([row.split(",") for row in rows if row], dtype=np.float64)
    return table[:, :-1], table[:, -1]


def read_with_sklearn(name: str, request: Request) -> tuple[Numbers, Numbers]:
    """Data and target as scikit-learn's own loader gives them.

    Raises:
        TreadleError: E1007 when scikit-learn is not installed.
    """
    try:
        from sklearn import datasets  # noqa: PLC0415 - over a second, paid only when there is no other way
    except ImportError:
        fail("E1007", "the package scikit-learn is missing", request.span, hint="pip install scikit-learn")
    bunch = getattr(datasets, f"load_{name}")()
    return bunch.data, bunch.target
