"""Reductions: sums, means, extremes and cumulative sums along axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert, operators
from treadle.frontend.elaborate.builtins.registry import axes, axis, builtin, float_tensor, here, tensor
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.values import NONE, Tensor, Value, describe, is_number, is_size
from treadle.types import DimLike, DType
from treadle.types.tensor import shape_size

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_axis = axis  # functions below have a parameter of this name


def _switch(el: Elaborator, value: Value, name: str = "keepdims") -> bool:
    if not isinstance(value, bool):
        fail("E0314", f"`{name}` is true or false, not {describe(value)}", here(el))
    return value


def _reduce(el: Elaborator, name: str, x: Tensor, axis: Value, keepdims: Value) -> Tensor:
    over = axes(el, x, axis)
    return el.op(name, x, axes=over, keepdims=_switch(el, keepdims)) if over else x


@builtin("sum")
def sum_(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The sum along axes, or of everything; of a list, the sum of its elements."""
    if isinstance(x, list | range) and x and axis is NONE:
        return _sum_list(el, elements(x, here(el)))
    value = tensor(el, x)
    if value.dtype is DType.BOOL:
        value = convert.cast(el, value, convert.DEFAULT)
    return _reduce(el, "sum", value, axis, keepdims)


def _sum_list(el: Elaborator, items: list[Value]) -> Value:
    if all(is_number(item) or is_size(item) for item in items):
        return _fold(el, "+", 0, items)
    result = convert.unify(el, [tensor(el, item) for item in items])
    total = result[0]
    for item in result[1:]:
        total = el.op("add", total, item)
    return total


def _fold(el: Elaborator, op: str, start: int, items: list[Value]) -> Value:
    total: Value = start
    for item in items:
        total = operators.binary(el, op, total, item, here(el))
    return total


@builtin("prod")
def prod(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The product along axes, or of everything; of a list of sizes, their product."""
    if isinstance(x, list | range | tuple):
        items = elements(x, here(el))
        if all(is_number(item) or is_size(item) for item in items):
            return _fold(el, "*", 1, items)
    return _reduce(el, "prod", tensor(el, x), axis, keepdims)


@builtin("mean")
def mean(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The mean along axes, or of everything."""
    value = float_tensor(el, x)
    over = axes(el, value, axis)
    if not over:
        return value
    count: DimLike = shape_size(tuple([value.shape[number] for number in over]))
    total = el.op("sum", value, axes=over, keepdims=_switch(el, keepdims))
    return el.op("div", total, convert.constant(el, count, value.dtype))


@builtin("reduce_max")
def max_(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The largest element along axes; a gradient goes to the first of several."""
    return _reduce(el, "max", tensor(el, x), axis, keepdims)


@builtin("reduce_min")
def min_(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The smallest element along axes; a gradient goes to the first of several."""
    return _reduce(el, "min", tensor(el, x), axis, keepdims)


@builtin("amax")
def amax(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The largest element along axes; equal ones share the gradient evenly."""
    return _reduce(el, "amax", tensor(el, x), axis, keepdims)


@builtin("amin")
def amin(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """The smallest element along axes; equal ones share the gradient evenly."""
    return _reduce(el, "amin", tensor(el, x), axis, keepdims)


def _position(el: Elaborator, name: str, x: Value, axis: Value, keepdims: Value) -> Tensor:
    value = tensor(el, x)
    if axis is NONE:
        value, axis = el.op("reshape", value, shape=(value.type.size,)), 0
    along = _axis(el, value, axis)
    found = el.op(name, value, axis=along)
    if not _switch(el, keepdims):
        return found
    return el.op("reshape", found, shape=(*found.shape[:along], 1, *found.shape[along:]))


@builtin("argmax")
def argmax(el: Elaborator, x: Value, axis: Value = -1, keepdims: Value = False) -> Value:
    """The position of the largest element along an axis, or of all (`none`), as i64; the first one."""
    return _position(el, "argmax", x, axis, keepdims)


@builtin("argmin")
def argmin(el: Elaborator, x: Value, axis: Value = -1, keepdims: Value = False) -> Value:
    """The position of the smallest element along an axis, or of all (`none`), as i64; the first one."""
    return _position(el, "argmin", x, axis, keepdims)


@builtin("cumsum")
def cumsum(el: Elaborator, x: Value, axis: Value, reverse: Value = False) -> Value:
    """The sum of all elements up to each along an axis; from the end when `reverse`."""
    value = tensor(el, x)
    return el.op("cumsum", value, axis=_axis(el, value, axis), reverse=_switch(el, reverse, "reverse"))


@builtin("all")
def all_(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """Whether all elements along axes are true, or not 0."""
    failing = el.op("logical_not", _truth(el, x))
    return el.op("eq", *_counted(el, failing, axis, keepdims))


@builtin("any")
def any_(el: Elaborator, x: Value, axis: Value = NONE, keepdims: Value = False) -> Value:
    """Whether some element along axes is true, or not 0."""
    return el.op("gt", *_counted(el, _truth(el, x), axis, keepdims))


def _truth(el: Elaborator, x: Value) -> Tensor:
    value = tensor(el, x)
    return value if value.dtype is DType.BOOL else el.op("ne", value, convert.constant(el, 0, value.dtype))


def _counted(el: Elaborator, x: Tensor, axis: Value, keepdims: Value) -> tuple[Tensor, Tensor]:
    """How many are true, and 0; a sum, which there is of nothing too."""
    count = _reduce(el, "sum", convert.cast(el, x, convert.DEFAULT), axis, keepdims)
    return count, convert.constant(el, 0, count.dtype)
