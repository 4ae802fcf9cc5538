"""NumPy archives: `npz("mnist.npz")`. Never unpickles.

Arrays named `train_x`, `test_x`, `validation_x` become column `x` of that split. Without such names, all
arrays are columns of one table, which `test = 0.2` divides. Columns of a split are equally long; others can
be left out with `only = "images, labels"`; `examples = 500` keeps the first so many to train on.
"""

from __future__ import annotations

from pathlib import Path

from treadle.errors import did_you_mean, fail
from treadle.train.data.archive import DAMAGED, read_archive
from treadle.train.data.request import Request
from treadle.train.data.splits import split_as_asked
from treadle.train.data.table import TRAIN, Array, Splits, make_table

_PREFIXES = {"train_": "train", "test_": "test", "validation_": "validation", "val_": "validation"}


def load_npz(request: Request) -> Splits:
    """`npz(path, only, examples, test, validation, shuffle, split_seed)`.

    Raises:
        TreadleError: E0701 for a missing file, E0702 for a damaged one, E0706 for an array that is not there.
    """
    path = request.folders.find(request.text("path"), "a NumPy .npz archive", request.span)
    only = request.optional_text("only")
    examples = request.integer("examples", 0) or None  # None: all
    splits = _splits(path, only, request)
    return splits | {TRAIN: splits[TRAIN].take(slice(examples))} if TRAIN in splits else splits


def _splits(path: Path, only: str | None, request: Request) -> Splits:
    arrays = read_npz(path, request)
    if not arrays:
        fail("E0706", f"{path} holds no arrays of numbers", request.span)
    parts = _by_split(arrays)
    if set(parts) == {""}:
        columns = _chosen(parts[""], only, path, request)
        return split_as_asked(make_table(columns, str(path), request.span), request)
    request.finish()
    parts.pop("", None)
    return {
        split: make_table(_chosen(columns, only, path, request), f"{path} ({split})", request.span)
        for split, columns in parts.items()
    }


def read_npz(path: Path, request: Request) -> dict[str, Array]:
    """All numeric arrays of an archive.

    Raises:
        TreadleError: E0702 when it is no archive, is cut short, needs unpickling or would not fit.
    """
    try:
        arrays = read_archive(path)
    except DAMAGED as error:
        fail("E0702", f"{path} is not a whole .npz archive without pickles: {error}", request.span)
    return {name: array for name, array in arrays.items() if array.ndim}


def _by_split(arrays: dict[str, Array]) -> dict[str, dict[str, Array]]:
    parts: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        prefix = next((p for p in _PREFIXES if name.startswith(p) and len(name) > len(p)), "")
        parts.setdefault(_PREFIXES.get(prefix, ""), {})[name.removeprefix(prefix)] = array
    return parts


def _chosen(columns: dict[str, Array], only: str | None, path: Path, request: Request) -> dict[str, Array]:
    if only is None:
        return columns
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in columns:
            hint = did_you_mean(name, columns) or f"it has: {', '.join(columns)}"
            fail("E0706", f"{path} has no array `{name}`", request.span, hint=hint)
    return {name: columns[name] for name in names}
