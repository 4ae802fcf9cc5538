"""What callers give -> what programs read: arrays by input name, of the declared types, and all sizes.

An array that has its declared type already and whose elements lie in order is passed on as it is, without a
copy. Non-goals: running anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from treadle.backends.protocol import Array
from treadle.errors import did_you_mean, fail
from treadle.frontend.result import ModelGraph
from treadle.train.data.columns import Spans, check_columns
from treadle.train.data.ranges import check_indices
from treadle.types import TensorType

WHERE = "the call"


def by_name(given: Sequence[Any], named: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Arguments by input name; those without a name are taken in the order of `names`.

    Raises:
        TreadleError: E0610 for an unknown name, a second value for an input, or too many values.
    """
    listed = ", ".join(names)
    if len(given) > len(names):
        fail("E0610", f"{len(given)} arrays are given, and the inputs are: {listed}")
    found = dict(zip(names, given, strict=False))
    for name, value in named.items():
        if name not in names:
            fail(
                "E0610",
                f"there is no input `{name}`",
                hint=did_you_mean(name, names) or f"there are: {listed}",
            )
        if name in found:
            fail("E0610", f"`{name}` is given twice, by place and by name")
        found[name] = value
    return found


def as_inputs(model: ModelGraph, given: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Array]:
    """The wanted inputs of a model, in their declared element types.

    Raises:
        TreadleError: E0610 for one that is missing, E0704 for a value that is no such number.
    """
    for name in wanted:
        if name not in given:
            fail("E0610", f"the input `{name}` is missing", hint=f"the inputs are: {', '.join(wanted)}")
    return {name: as_declared(name, given[name], model.graph.inputs[name].type) for name in wanted}


def sizes_of(model: ModelGraph, inputs: Mapping[str, Array], limits: Mapping[str, int]) -> dict[str, int]:
    """What the symbolic dimensions are, the batch included; indices are checked against their `limits`, too.

    Raises:
        TreadleError: E0703 for a wrong shape, E0709 for a class number out of range.
    """
    types = {name: model.graph.inputs[name].type for name in inputs}
    sizes = check_columns(inputs, types, WHERE, Spans())
    check_indices(inputs, limits, WHERE, Spans())
    return sizes


def as_declared(name: str, value: Any, type_: TensorType) -> Array:
    """A value in a declared element type; it is the same array where it has that type.

    Raises:
        TreadleError: E0704 where that would lose more than digits: text, or fractions for whole numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        fail("E0704", f"`{name}`: the model expects {type_}, and this is no array")
    wanted = np.dtype(type_.dtype.numpy_name)
    if array.dtype == wanted:
        return array
    if not _keeps(array, wanted):
        fail("E0704", f"`{name}`: the model expects {type_}, {WHERE} has {array.dtype}{list(array.shape)}")
    return array.astype(wanted)


def _keeps(array: Array, wanted: np.dtype[Any]) -> bool:
    """Whether values keep their meaning: digits of fractions may be lost, whole numbers must fit."""
    if array.dtype.kind in "iu" and wanted.kind in "iu" and array.size:
        limits = np.iinfo(wanted)
        return bool(limits.min <= array.min() and array.max() <= limits.max)
    return bool(np.can_cast(array.dtype, wanted, "same_kind"))
