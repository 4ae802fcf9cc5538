"""What a file of weights holds: names, types, shapes and statistics; how two files differ.

Input: opened files. Output: plain records. Values are read one tensor at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.train.tensor_files import TensorFile


@dataclass(frozen=True)
class TensorFacts:
    """A tensor of a file; statistics are None for one without finite elements.

    Attributes:
        wrong: how many elements are NaN or infinite.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    wrong: int


@dataclass(frozen=True)
class TensorChange:
    """A tensor of two files: `kind` is "equal", "values", "shape", "first only" or "second only".

    Attributes:
        largest: the largest difference of two elements, for changed values.
        relative: the length of the difference by the length of the first.
    """

    name: str
    kind: str
    first: tuple[int, ...] | None
    second: tuple[int, ...] | None
    largest: float | None = None
    relative: float | None = None


def facts_of(file: TensorFile) -> list[TensorFacts]:
    """Every tensor of a file, in the order of the names."""
    return [_facts(file, name) for name in sorted(file.entries)]


def changes(first: TensorFile, second: TensorFile) -> list[TensorChange]:
    """Every tensor of either file, in the order of the names."""
    return [_change(name, first, second) for name in sorted({*first.entries, *second.entries})]


def _facts(file: TensorFile, name: str) -> TensorFacts:
    entry, values = file.entries[name], file.read(name).astype(np.float64)
    finite = values[np.isfinite(values)]
    figures = (finite.mean(), finite.std(), finite.min(), finite.max()) if finite.size else (None,) * 4
    mean, std, low, high = (None if figure is None else float(figure) for figure in figures)
    wrong = values.size - finite.size
    return TensorFacts(name, entry.dtype, entry.shape, entry.size, mean, std, low, high, wrong)


def _change(name: str, first: TensorFile, second: TensorFile) -> TensorChange:
    shape, new = (file.entries[name].shape if name in file.entries else None for file in (first, second))
    if shape is None or new is None:
        return TensorChange(name, "first only" if new is None else "second only", shape, new)
    if shape != new:
        return TensorChange(name, "shape", shape, new)
    one, other = first.read(name).astype(np.float64), second.read(name).astype(np.float64)
    if np.array_equal(one, other, equal_nan=True):
        return TensorChange(name, "equal", shape, new)
    return TensorChange(name, "values", shape, new, *_distance(one, other))


def _distance(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> tuple[float | None, float | None]:
    """None where NaN or infinities leave no distance."""
    with np.errstate(invalid="ignore", over="ignore"):
        difference = one - other
        length = np.linalg.norm(one)
        largest, relative = abs(difference).max(), np.linalg.norm(difference) / (length or 1.0)
    found = (float(largest), float(relative))
    return (None if not np.isfinite(found[0]) else found[0]), (
        None if not np.isfinite(found[1]) else found[1]
    )
