"""Scopes: what names mean at one place of a spec.

A scope is a table of names over a parent scope; the outermost is a file, which knows its own blocks, what it
uses and the library. Looking a name up never fails silently: an unknown one is reported with the nearest
known name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate.values import ERROR, Silenced, Value
from treadle.source import Span

Fallback = Callable[[str], Value | None]


class Scope:
    """Names and their values, over a parent.

    `axes` holds the names that a declared type gave to the axes of a tensor: `x: [N, T, I]`. `fallback` finds
    names that no table holds: blocks of the file and of the library, which are read when used.
    """

    __slots__ = ("axes", "fallback", "known", "names", "parent")

    def __init__(
        self,
        parent: Scope | None = None,
        fallback: Fallback | None = None,
        known: Callable[[], Iterator[str]] | None = None,
    ) -> None:
        self.parent = parent
        self.names: dict[str, Value] = {}
        self.axes: dict[str, tuple[str | None, ...]] = {}
        self.fallback = fallback
        self.known = known

    def bind(self, name: str, value: Value) -> None:
        """Give `name` a value here; what it meant before is forgotten."""
        self.names[name] = value
        self.axes.pop(name, None)

    def find(self, name: str) -> Value | None:
        """The value of `name`, or None."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if scope.fallback is not None:
                value = scope.fallback(name)
                if value is not None:
                    return value
            scope = scope.parent
        return None

    def find_axes(self, name: str) -> tuple[str | None, ...] | None:
        """The axis names declared for the tensor called `name`, if its nearest binding has some."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.axes:
                return scope.axes[name]
            if name in scope.names:
                return None
            scope = scope.parent
        return None

    def lookup(self, name: str, span: Span) -> Value:
        """The value of `name`.

        Raises:
            TreadleError: E0301 with the nearest known name.
            Silenced: if the statement that should have defined it failed.
        """
        value = self.find(name)
        if value is None:
            fail("E0301", f"`{name}` is not defined", span, hint=did_you_mean(name, self.visible()))
        if value is ERROR:
            raise Silenced(name)
        return value

    def visible(self) -> set[str]:
        """All names that can be used here, for suggestions."""
        found: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            found.update(scope.names)
            if scope.known is not None:
                found.update(scope.known())
            scope = scope.parent
        return found


def names_of(targets: tuple[ast.Name, ...]) -> list[str]:
    """The names that an assignment or a loop binds."""
    return [target.id for target in targets]
