"""Reading and adding at computed positions: take, scatter, one-hot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.registry import axis, builtin, here, size, tensor
from treadle.frontend.elaborate.values import NONE, Tensor, Value
from treadle.types import DimLike, DType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_axis = axis  # functions below have a parameter of this name


def indices(el: Elaborator, value: Value) -> Tensor:
    """Positions, which are integers.

    Raises:
        TreadleError: E0214.
    """
    found = convert.to_tensor(el, value, here(el), DType.I64 if _is_whole(value) else None)
    if not found.dtype.is_int:
        hint = "convert them: `cast(ids, i64)`"
        fail("E0214", f"positions are integers, this is {found.type}", here(el), hint=hint)
    return found


def _is_whole(value: Value) -> bool:
    """Whether numbers written out hold no fractions."""
    return all(map(_is_whole, value)) if isinstance(value, list) else isinstance(value, int)


@builtin("take")
def take(el: Elaborator, x: Value, ids: Value, axis: Value = 0) -> Value:
    """The elements of `x` at positions `ids` along an axis; the axes of `ids` stand in its place."""
    value = tensor(el, x)
    return el.op("take", value, indices(el, ids), axis=_axis(el, value, axis))


@builtin("take_along")
def take_along(el: Elaborator, x: Value, ids: Value, axis: Value = -1) -> Value:
    """For each position of `ids` the element of `x` there along an axis; the others go together."""
    value, places = tensor(el, x), indices(el, ids)
    at = _axis(el, value, axis)
    if places.rank == value.rank:
        pairs = zip(value.shape, places.shape, strict=True)
        common = [b if a == 1 else a for a, b in pairs]
        value = _widened(el, value, common, at)
        places = _widened(el, places, common, at)
    return el.op("take_along", value, places, axis=at)


def _widened(el: Elaborator, x: Tensor, common: list[DimLike], kept: int) -> Tensor:
    """`x` with axes of size 1 repeated, but for one axis."""
    shape = tuple(
        [c if d == 1 and k != kept else d for k, (d, c) in enumerate(zip(x.shape, common, strict=True))]
    )
    return x if shape == x.shape else el.op("broadcast_to", x, shape=shape)


@builtin("scatter_add")
def scatter_add(el: Elaborator, x: Value, ids: Value, count: Value, axis: Value = 0) -> Value:
    """`count` sums along an axis: each element of `x` is added to the one that `ids` names."""
    value = tensor(el, x)
    wanted = size(el, count, "the count")
    return el.op("scatter_add", value, indices(el, ids), axis=_axis(el, value, axis), size=wanted)


@builtin("scatter_add_along")
def scatter_add_along(el: Elaborator, x: Value, ids: Value, count: Value, axis: Value = -1) -> Value:
    """`take_along` backwards: adds each element of `x` at its position along an axis of size `count`."""
    value = tensor(el, x)
    wanted = size(el, count, "the count")
    return el.op("scatter_add_along", value, indices(el, ids), axis=_axis(el, value, axis), size=wanted)


@builtin("one_hot")
def one_hot(el: Elaborator, ids: Value, classes: Value, dtype: Value = NONE) -> Value:
    """A new last axis of size `classes` with 1 at the position that `ids` names and 0 elsewhere."""
    positions = indices(el, ids)
    count = size(el, classes, "the number of classes")
    columns = el.op("iota", dtype=positions.dtype, shape=(count,), axis=0)
    column = el.op("reshape", positions, shape=(*positions.shape, 1))
    hit = el.op("eq", column, columns)
    return convert.cast(el, hit, dtype if isinstance(dtype, DType) else convert.DEFAULT)
