"""The verdict on a case: results against expected arrays, within the tolerances that come with the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .cases import Array, Case


def problems(case: Case, results: Mapping[str, Array], dtype: str) -> list[str]:
    """What differs, as readable lines; empty when the case passes."""
    return [
        problem
        for name, expected, tolerance in _expectations(case, dtype)
        if (problem := difference(name, results[f"output:{name}"], expected, tolerance))
    ]


def _expectations(case: Case, dtype: str) -> Iterator[tuple[str, Array, float]]:
    double = dtype == "f64"
    values = 1e-9 if double else max(1e-5, 20 * case.error[0])
    gradients = 1e-7 if double else max(1e-4, 20 * case.error[1])
    for i, expected in enumerate([*case.outputs, *case.mutated.values()]):
        yield f"y{i}", expected, values
    for i, expected in case.grad.items():
        if expected is not None:
            yield f"g{i}", expected, gradients
    for i, expected in case.hvp.items():
        if expected is not None and double:
            yield f"h{i}", expected, 1e-6


def difference(name: str, result: Array, expected: Array, tolerance: float) -> str | None:
    """What is wrong with a result, None when it is within the tolerance."""
    if result.shape != expected.shape:
        return f"{name} has the shape {result.shape}, not {expected.shape}"
    if expected.dtype.kind != "f":
        return (
            None if np.array_equal(result, expected) else f"{name} is {_some(result)}, not {_some(expected)}"
        )
    if not expected.size:
        return None
    bound = tolerance * max(1.0, float(np.max(np.abs(expected))))
    error = float(np.max(np.abs(result.astype(np.float64) - expected)))
    if error <= bound:
        return None
    return f"{name} is off by {error:.1e}, allowed are {bound:.1e}: {_some(result)} for {_some(expected)}"


def _some(array: Array) -> str:
    return np.array2string(array.ravel()[:6], precision=6, separator=",").replace("\n", "")
