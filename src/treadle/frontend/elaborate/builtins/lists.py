"""Compile-time lists, numbers and strings: range, len, zip, shapes and conversions."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate.budget import MAX_INT, check_text
from treadle.frontend.elaborate.builtins.registry import axis, builtin, here, integer, tensor
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.values import (
    NONE,
    Built,
    DefinitionValue,
    Steps,
    Tensor,
    Value,
    describe,
    is_number,
    is_size,
    show,
)
from treadle.types import Dim

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_axis = axis  # functions below have a parameter of this name


@builtin("range")
def range_(el: Elaborator, start: Value, stop: Value = NONE, step: Value = 1) -> Value:
    """The integers from `start` (0 when only one is given) to below `stop`."""
    if stop is NONE:
        start, stop = 0, start
    if isinstance(stop, Dim) and start == 0 and step == 1:
        return Steps(stop)
    by = integer(el, step, "the step of a range")
    if by == 0:
        fail("E0411", "the step of a range is not 0", here(el))
    first, end = integer(el, start, "the start of a range"), integer(el, stop, "the end of a range")
    if (end - first) // by >= MAX_INT:
        fail("E0910", f"the range from {first} to {end} is too long", here(el))
    return range(first, end, by)


@builtin("len")
def len_(el: Elaborator, x: Value) -> Value:
    """The number of elements of a list, or the size of the first axis of a tensor."""
    if isinstance(x, list | tuple | range | str):
        return len(x)
    if isinstance(x, Tensor) and x.rank:
        return x.shape[0]
    fail("E0314", f"{describe(x)} has no length", here(el))


@builtin("zip")
def zip_(el: Elaborator, *lists: Value) -> Value:
    """The first elements of all lists, then the second ones, ...; they are equally long."""
    columns = [elements(items, here(el)) for items in lists]
    if len({len(column) for column in columns}) > 1:
        fail("E0310", f"lists of {', '.join(str(len(c)) for c in columns)} elements do not pair up", here(el))
    return list(zip(*columns, strict=True))


@builtin("enumerate")
def enumerate_(el: Elaborator, items: Value) -> Value:
    """The elements of a list, each with its number."""
    return list(enumerate(elements(items, here(el))))


@builtin("list")
def list_(el: Elaborator, items: Value) -> Value:
    """A range or several values as a list."""
    return elements(items, here(el))


@builtin("reversed")
def reversed_(el: Elaborator, items: Value) -> Value:
    """A list from its end."""
    return elements(items, here(el))[::-1]


@builtin("shape")
def shape(el: Elaborator, x: Value) -> Value:
    """The sizes of the axes of a tensor, as a list."""
    return list(tensor(el, x).shape)


@builtin("size")
def size(el: Elaborator, x: Value, axis: Value = NONE) -> Value:
    """The size of one axis of a tensor, or the number of all its elements."""
    value = tensor(el, x)
    return value.type.size if axis is NONE else value.shape[_axis(el, value, axis)]


@builtin("rank")
def rank(el: Elaborator, x: Value) -> Value:
    """The number of axes of a tensor."""
    return tensor(el, x).rank


@builtin("int")
def int_(el: Elaborator, x: Value) -> Value:
    """A compile-time number without its fraction."""
    if isinstance(x, bool) or not (is_number(x) or is_size(x)):
        fail("E0314", f"`int` takes a number, not {describe(x)}", here(el))
    if isinstance(x, float) and not isfinite(x):
        fail("E0411", f"int({show(x)}) has no value", here(el))
    return x if isinstance(x, Dim) else int(x)


@builtin("float")
def float_(el: Elaborator, x: Value) -> Value:
    """A compile-time integer as a float."""
    if not is_number(x):
        fail("E0314", f"`float` takes a number, not {describe(x)}", here(el))
    return float(x)


@builtin("str")
def str_(el: Elaborator, x: Value) -> Value:
    """A compile-time value as text."""
    return x if isinstance(x, str) else check_text(show(x), here(el))


@builtin("is_tensor")
def is_tensor(_el: Elaborator, x: Value) -> Value:
    """Whether a value is a tensor rather than a compile-time value."""
    return isinstance(x, Tensor)


@builtin("is_list")
def is_list(_el: Elaborator, x: Value) -> Value:
    """Whether a value is a list."""
    return isinstance(x, list | range)


@builtin("is_layer")
def is_layer(_el: Elaborator, x: Value) -> Value:
    """Whether a value is a layer, built or not."""
    return isinstance(x, Built | DefinitionValue)
