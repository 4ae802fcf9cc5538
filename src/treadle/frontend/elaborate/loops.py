"""What loops, comprehensions and assignments share: elements to go over, and names to bind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate.budget import check_length
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Tensor, Value, describe
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def iterate(value: Value, span: Span) -> Sequence[Value]:
    """The elements of what a loop goes over.

    Raises:
        TreadleError: E0405 if it is no list or range.
    """
    if isinstance(value, list | tuple | range):
        return value
    hint = f"write `range({value})`" if isinstance(value, int) else None
    if isinstance(value, Tensor):
        hint = "to go through a tensor while the network runs, use `scan`"
    fail("E0405", f"a loop cannot go over {describe(value)}", span, hint=hint)


def elements(value: Value, span: Span) -> list[Value]:
    """The elements of a list or range as a list.

    Raises:
        TreadleError: E0405 if it is none, E0910 if it is too long.
    """
    found = iterate(value, span)
    check_length(len(found), span)
    return list(found)


def bind_targets(scope: Scope, names: list[str], value: Value, span: Span) -> None:
    """Bind one or several names to a value or its parts.

    Raises:
        TreadleError: E0310 when the numbers of names and parts differ.
    """
    if len(names) == 1:
        scope.bind(names[0], value)
        return
    if not isinstance(value, tuple | list):
        fail("E0310", f"{len(names)} names stand against one value, {describe(value)}", span)
    if len(value) != len(names):
        fail("E0310", f"{len(names)} names stand against {len(value)} values", span)
    for name, part in zip(names, value, strict=True):
        scope.bind(name, part)


@contextmanager
def looping(el: Elaborator, number: int) -> Iterator[None]:
    """Layers built inside the `with` block carry the number of the iteration in their name."""
    loops = el.application.loops
    loops.append(number)
    try:
        yield
    finally:
        loops.pop()
