"""Shapes and structure: reshape, transpose, concat, split, stack, pad, tables and positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert, indexing
from treadle.frontend.elaborate.budget import check_length
from treadle.frontend.elaborate.builtins.registry import (
    axes,
    axis,
    builtin,
    here,
    integer,
    size,
    sizes,
    tensor,
)
from treadle.frontend.elaborate.values import NONE, Tensor, Value, describe, is_number, is_size
from treadle.types import DimLike, DType, dim_mod
from treadle.types.dims import exact_quotient
from treadle.types.tensor import shape_size

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_axis = axis  # functions below have a parameter of this name


@builtin("reshape")
def reshape(el: Elaborator, x: Value, shape: Value) -> Value:
    """The same elements in another shape; one dimension may be -1, which is worked out."""
    value = tensor(el, x)
    wanted = list(shape) if isinstance(shape, list | tuple) else [shape]
    if -1 in wanted:
        wanted[wanted.index(-1)] = _missing(el, value, [dim for dim in wanted if dim != -1])
    return el.op("reshape", value, shape=sizes(el, wanted, "a shape"))


def _missing(el: Elaborator, value: Tensor, others: list[Value]) -> DimLike:
    known = shape_size(sizes(el, others, "a shape besides one -1"))
    quotient = exact_quotient(value.type.size, known)
    if quotient is None:
        fail("E0206", f"the {value.type.size} elements of {value.type} do not divide by {known}", here(el))
    return quotient


@builtin("transpose")
def transpose(el: Elaborator, x: Value, order: Value = NONE) -> Value:
    """The axes in another order; without `order` the last two change places."""
    value = tensor(el, x)
    if order is NONE:
        return indexing.swap_last(el, value)
    if not isinstance(order, list | range) or len(order) != value.rank:
        fail("E0205", f"an order of the {value.rank} axes of {value.type} is needed", here(el))
    perm = tuple([axis(el, value, item) for item in order])
    if sorted(perm) != list(range(value.rank)):
        fail("E0205", f"{list(perm)} is no order of the axes of {value.type}", here(el))
    return el.op("transpose", value, perm=perm)


@builtin("swap_axes")
def swap_axes(el: Elaborator, x: Value, first: Value, second: Value) -> Value:
    """Two axes exchanged."""
    value = tensor(el, x)
    perm = list(range(value.rank))
    a, b = axis(el, value, first), axis(el, value, second)
    perm[a], perm[b] = b, a
    return el.op("transpose", value, perm=tuple(perm))


@builtin("broadcast_to")
def broadcast_to(el: Elaborator, x: Value, shape: Value) -> Value:
    """Repeated along new axes and along axes of size 1."""
    return el.op("broadcast_to", tensor(el, x), shape=sizes(el, shape, "a shape"))


@builtin("expand_dims")
def expand_dims(el: Elaborator, x: Value, axis: Value) -> Value:
    """A new axis of size 1."""
    value = tensor(el, x)
    place = _axis(el, value, axis, extra=1)
    return el.op("reshape", value, shape=(*value.shape[:place], 1, *value.shape[place:]))


@builtin("squeeze")
def squeeze(el: Elaborator, x: Value, axis: Value) -> Value:
    """Without axes of size 1."""
    value = tensor(el, x)
    dropped = axes(el, value, axis)
    for number in dropped:
        if value.shape[number] != 1:
            fail("E0206", f"axis {number} of {value.type} has not the size 1", here(el))
    return el.op("reshape", value, shape=tuple([d for i, d in enumerate(value.shape) if i not in dropped]))


@builtin("flip")
def flip(el: Elaborator, x: Value, axis: Value) -> Value:
    """Reversed along axes."""
    value = tensor(el, x)
    return el.op("flip", value, axes=axes(el, value, axis))


@builtin("concat")
def concat(el: Elaborator, *values: Value, axis: Value) -> Value:
    """Tensors, or a list of them, joined along an axis."""
    parts = _parts(el, values, "concat")
    return el.op("concat", *parts, axis=_axis(el, parts[0], axis))


@builtin("stack")
def stack(el: Elaborator, *values: Value, axis: Value = 0) -> Value:
    """Tensors, or a list of them, side by side along a new axis."""
    parts = _parts(el, values, "stack")
    return convert.stack(el, parts, _axis(el, parts[0], axis, extra=1))


def _parts(el: Elaborator, values: Sequence[Value], name: str) -> list[Tensor]:
    listed = values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values
    if not listed:
        fail("E0304", f"`{name}` of nothing", here(el))
    return convert.unify(el, [tensor(el, value) for value in listed])


@builtin("split")
def split(el: Elaborator, x: Value, parts: Value, axis: Value = -1) -> Value:
    """Cut along an axis: into a number of equal parts, or into parts of listed sizes."""
    value = tensor(el, x)
    along = _axis(el, value, axis)
    widths = list(parts) if isinstance(parts, list) else _equal_widths(el, value, along, parts)
    total = sum(sizes(el, widths, "the sizes of parts"), 0)
    if total != value.shape[along]:
        fail("E0208", f"parts of sizes {widths} do not make up {value.shape[along]}", here(el))
    pieces: list[Tensor] = []
    start: DimLike = 0
    for width in widths:
        pieces.append(_cut(el, value, along, start, start + width))
        start = start + width
    return tuple(pieces)


def _equal_widths(el: Elaborator, value: Tensor, along: int, parts: Value) -> list[DimLike]:
    count = integer(el, parts, "the number of parts", 1)
    check_length(count, here(el))
    if dim_mod(value.shape[along], count) != 0:
        fail("E0208", f"{value.shape[along]} does not divide into {count} parts", here(el))
    return [value.shape[along] // count] * count


def _cut(el: Elaborator, value: Tensor, along: int, start: DimLike, stop: DimLike) -> Tensor:
    starts: list[DimLike] = [0] * value.rank
    stops: list[DimLike] = list(value.shape)
    starts[along], stops[along] = start, stop
    return el.op("slice", value, starts=tuple(starts), stops=tuple(stops), steps=(1,) * value.rank)


@builtin("pad")
def pad(
    el: Elaborator, x: Value, low: Value, high: Value = NONE, axis: Value = NONE, value: Value = 0
) -> Value:
    """Elements `value` before and after along axes; `low` and `high` are numbers or one per axis."""
    source = tensor(el, x)
    over = axes(el, source, axis)
    before = _amounts(el, low, over, source.rank)
    after = before if high is NONE else _amounts(el, high, over, source.rank)
    if not is_number(value) and not isinstance(value, bool):
        fail("E0314", f"`pad` fills with a number, not with {describe(value)}", here(el))
    return el.op("pad", source, low=before, high=after, value=value)


def _amounts(el: Elaborator, given: Value, over: Sequence[int], rank: int) -> tuple[DimLike, ...]:
    values = list(given) if isinstance(given, list) else [given] * len(over)
    if len(values) != len(over):
        fail("E0314", f"{len(values)} amounts of padding for {len(over)} axes", here(el))
    amounts: list[DimLike] = [0] * rank
    for number, amount in zip(over, values, strict=True):
        if not is_size(amount) or (isinstance(amount, int) and amount < 0):
            fail("E0411", f"padding is an integer of at least 0, not {describe(amount)}", here(el))
        amounts[number] = amount
    return tuple(amounts)


@builtin("full")
def full(el: Elaborator, shape: Value, value: Value, dtype: Value = NONE) -> Value:
    """A tensor of one number."""
    type_ = dtype if isinstance(dtype, DType) else DType.BOOL if isinstance(value, bool) else convert.DEFAULT
    wanted = () if shape == [] else sizes(el, shape, "a shape")
    if isinstance(value, Tensor):
        return el.op("broadcast_to", convert.cast(el, value, type_), shape=wanted)
    if not is_number(value) and not isinstance(value, bool):
        fail("E0314", f"`full` takes a number, not {describe(value)}", here(el))
    return el.op("const", value=value, dtype=type_, shape=wanted)


def _full_like(el: Elaborator, x: Value, value: float) -> Tensor:
    like = tensor(el, x)
    return el.op("const", value=value, dtype=like.dtype, shape=like.shape)


@builtin("zeros_like")
def zeros_like(el: Elaborator, x: Value) -> Value:
    """Zeros of the type of `x`."""
    return _full_like(el, x, 0)


@builtin("ones_like")
def ones_like(el: Elaborator, x: Value) -> Value:
    """Ones of the type of `x`."""
    return _full_like(el, x, 1)


@builtin("tensor")
def tensor_(el: Elaborator, values: Value, dtype: Value = NONE) -> Value:
    """A constant tensor of nested lists of numbers, or a number, a size or a list of tensors as a tensor."""
    return convert.to_tensor(el, values, here(el), dtype if isinstance(dtype, DType) else None)


@builtin("positions")
def positions(el: Elaborator, count: Value) -> Value:
    """The integers 0, 1, ... below `count`, which may be symbolic, as an i64 tensor."""
    return el.op("iota", dtype=DType.I64, shape=(size(el, count, "the count"),), axis=0)


@builtin("positions_like")
def positions_like(el: Elaborator, x: Value, axis: Value = -1) -> Value:
    """For each element of `x` its position along an axis, as i64."""
    value = tensor(el, x)
    return el.op("iota", dtype=DType.I64, shape=value.shape, axis=_axis(el, value, axis))
