"""The table of builtins, and the checks that they share.

A builtin is a Python function `(el, ...) -> value`; its parameter names are the language's. `el.here` is the
place of the call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.loops import elements
from treadle.frontend.elaborate.values import (
    NONE,
    Builtin,
    BuiltinParameter,
    Tensor,
    Value,
    describe,
    is_size,
)
from treadle.source import Span
from treadle.types import Dim, DimLike, Shape

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

BUILTINS: dict[str, Value] = {}

Function = TypeVar("Function", bound=Callable[..., Value])


def builtin(name: str) -> Callable[[Function], Function]:
    """Register a Python function as the language's function `name`; `*values` takes any number."""

    def register(function: Function) -> Function:
        params = list(inspect.signature(function).parameters.values())[1:]
        variadic = any(p.kind is p.VAR_POSITIONAL for p in params)
        slots = tuple(
            BuiltinParameter(p.name, p.default is p.empty) for p in params if p.kind is not p.VAR_POSITIONAL
        )
        BUILTINS[name] = Builtin(name, function, slots, variadic)
        return function

    return register


def here(el: Elaborator) -> Span:
    """The place of the call that is being run."""
    assert el.here is not None  # noqa: S101 - calls always have a place
    return el.here


def tensor(el: Elaborator, value: Value) -> Tensor:
    """`value` as a tensor."""
    return convert.to_tensor(el, value, here(el))


def float_tensor(el: Elaborator, value: Value) -> Tensor:
    """`value` as a float tensor."""
    return convert.floats(el, [value], here(el))[0]


def axis(el: Elaborator, x: Tensor, value: Value, *, extra: int = 0) -> int:
    """The number of an axis of `x`, given by number (from the end when negative) or by its size's name.

    Raises:
        TreadleError: E0205.
    """
    rank = x.rank + extra
    if isinstance(value, Dim):
        matching = [number for number, dim in enumerate(x.shape) if dim == value]
        if len(matching) == 1:
            return matching[0]
        fail("E0205", f"{x.type} has {len(matching)} axes of size {value}", here(el), hint="give its number")
    if not isinstance(value, int) or isinstance(value, bool) or not -rank <= value < rank:
        shown = f"axis {value}" if isinstance(value, int) else f"axis that is {describe(value)}"
        fail("E0205", f"{x.type} has no {shown}", here(el))
    return value % rank


def axes(el: Elaborator, x: Tensor, value: Value) -> tuple[int, ...]:
    """Sorted axis numbers of one axis, a list of them, or all (`none`)."""
    if value is NONE or value is None:
        return tuple(range(x.rank))
    given = elements(value, here(el)) if isinstance(value, list | tuple | range) else [value]
    found = sorted({axis(el, x, item) for item in given})
    if len(found) != len(given):
        fail("E0205", f"an axis of {x.type} is given twice", here(el))
    return tuple(found)


def sizes(el: Elaborator, value: Value, what: str) -> Shape:
    """A list of dimensions.

    Raises:
        TreadleError: E0413.
    """
    items = elements(value, here(el)) if isinstance(value, list | tuple | range) else [value]
    for item in items:
        if not is_size(item) or (isinstance(item, int) and item < 0):
            fail("E0413", f"{what} holds integers of at least 0, not {describe(item)}", here(el))
    return tuple(items)


def integer(el: Elaborator, value: Value, what: str, low: int | None = None) -> int:
    """A compile-time integer of at least `low`.

    Raises:
        TreadleError: E0314, E0411.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        fail("E0314", f"{what} is an integer, not {describe(value)}", here(el))
    if low is not None and value < low:
        fail("E0411", f"{what} is at least {low}, not {value}", here(el))
    return value


def size(el: Elaborator, value: Value, what: str) -> DimLike:
    """A compile-time size."""
    return sizes(el, value, what)[0] if is_size(value) else _no_size(el, value, what)


def _no_size(el: Elaborator, value: Value, what: str) -> DimLike:
    fail("E0314", f"{what} is an integer or a dimension, not {describe(value)}", here(el))


def pair(el: Elaborator, value: Value, what: str, low: int, count: int = 2) -> tuple[int, ...]:
    """`3` or `[3, 5]` as one integer per spatial axis."""
    items: Sequence[Value] = value if isinstance(value, list | tuple) else [value] * count
    if len(items) != count:
        fail("E0314", f"{what} takes one integer or {count}, not {len(items)}", here(el))
    return tuple([integer(el, item, what, low) for item in items])
