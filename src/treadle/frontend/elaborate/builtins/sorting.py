"""Order along an axis: positions, sorted elements, the k largest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate.builtins.registry import axis, builtin, here, integer, tensor
from treadle.frontend.elaborate.values import Tensor, Value, describe

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_axis = axis  # functions below have a parameter of this name


def _order(el: Elaborator, x: Tensor, place: int, *, descending: Value) -> Tensor:
    if not isinstance(descending, bool):
        fail("E0314", f"`descending` is true or false, not {describe(descending)}", here(el))
    return el.op("argsort", x, axis=place, descending=descending)


@builtin("argsort")
def argsort(el: Elaborator, x: Value, axis: Value = -1, descending: Value = False) -> Value:
    """The positions along an axis in the order of their elements; equal ones keep theirs; NaN is last."""
    value = tensor(el, x)
    return _order(el, value, _axis(el, value, axis), descending=descending)


@builtin("sort")
def sort(el: Elaborator, x: Value, axis: Value = -1, descending: Value = False) -> Value:
    """The elements in order along an axis; NaN is the largest."""
    value = tensor(el, x)
    place = _axis(el, value, axis)
    return el.op("take_along", value, _order(el, value, place, descending=descending), axis=place)


def _first(el: Elaborator, x: Value, k: Value, axis: Value, *, descending: bool) -> tuple[Tensor, Tensor]:
    """The first elements of the order, and their positions."""
    value = tensor(el, x)
    place = _axis(el, value, axis)
    count = integer(el, k, "the number of elements", 1)
    length = value.shape[place]
    if isinstance(length, int) and count > length:
        fail("E0411", f"{count} elements of an axis of {length}", here(el))
    order = _order(el, value, place, descending=descending)
    stops = tuple([count if number == place else dim for number, dim in enumerate(value.shape)])
    none, ones = (0,) * value.rank, (1,) * value.rank
    positions = el.op("slice", order, starts=none, stops=stops, steps=ones)
    return el.op("take_along", value, positions, axis=place), positions


@builtin("largest")
def largest(el: Elaborator, x: Value, k: Value, axis: Value = -1) -> Value:
    """The `k` largest elements along an axis in falling order, and their positions."""
    return _first(el, x, k, axis, descending=True)


@builtin("smallest")
def smallest(el: Elaborator, x: Value, k: Value, axis: Value = -1) -> Value:
    """The `k` smallest elements along an axis in rising order, and their positions."""
    return _first(el, x, k, axis, descending=False)
