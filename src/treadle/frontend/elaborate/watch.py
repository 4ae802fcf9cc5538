"""Watching an elaboration: an editor learns what the expressions of a text turned out to be.

A watcher is told of values as they are found; it may stop the elaboration by raising. Without one nothing
is told. Non-goals: keeping anything, which is the watcher's own affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.values import Value
    from treadle.frontend.result import LeafInfo


class Watcher(Protocol):
    """What is told; places are spans of any file of the program and of the library."""

    def value(self, span: Span, value: Value) -> None:
        """An expression, or a name that a statement or a header gives, has this value."""

    def applied(self, span: Span, path: str, leaves: Mapping[str, LeafInfo]) -> None:
        """The layer called at this place got a path; its weights will be among `leaves`."""


_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """All that is elaborated inside the `with` block is told to `watcher`."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def current_watcher() -> Watcher | None:
    """Who is told, if anyone."""
    return _WATCHER.get()
