"""Requests: one call of a loader in a data block, `csv("iris.csv", test = 0.2)`, with checked arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from treadle.errors import did_you_mean, fail
from treadle.source import Span
from treadle.train.data.folders import Folders


@dataclass
class Request:
    """The arguments of a loader's call; a loader takes each once, then calls `finish`.

    Attributes:
        loader: the loader's name.
        positional: values without a name, in order.
        named: values with a name.
        folders: where files are searched.
        span: the call in the spec.
    """

    loader: str
    positional: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    folders: Folders = field(default_factory=lambda: Folders(()))
    span: Span | None = None
    _known: list[str] = field(default_factory=list)
    _places: int = 0

    def text(self, name: str, default: str | None = None) -> str:
        """A string argument; required without a default."""
        return str(self._typed(name, default, (str,), "a string"))

    def optional_text(self, name: str) -> str | None:
        """A string argument that may be left out."""
        value = self._typed(name, "", (str,), "a string")
        return str(value) or None

    def integer(self, name: str, default: int | None = None, *, low: int = 0, high: int = 2**40) -> int:
        """A whole number in [low, high]."""
        value = self._typed(name, default, (int,), "a whole number")
        self._in_range(name, value, low, high)
        return int(value)

    def number(self, name: str, default: float | None = None, *, low: float, high: float) -> float:
        """A number in [low, high]."""
        value = self._typed(name, default, (int, float), "a number")
        self._in_range(name, value, low, high)
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """A truth value."""
        return bool(self._typed(name, default, (bool,), "true or false"))

    def word_groups(self, name: str) -> list[list[str]]:
        """Lists of words, none when it is left out."""
        groups = self._typed(name, (), (list, tuple), "a list of lists of words")
        words = [word for group in groups for word in (group if isinstance(group, list | tuple) else [None])]
        if not all(isinstance(word, str) for word in words):
            self.refuse("E0314", f"needs a list of lists of words for `{name}`")
        return [list(group) for group in groups]

    def rest(self) -> tuple[Any, ...]:
        """All values without a name that are left."""
        values = tuple(self.positional[self._places :])
        self._places = len(self.positional)
        return values

    def others(self, *, apart: Collection[str]) -> dict[str, Any]:
        """All named values except those `apart`; for loaders whose argument names are free."""
        chosen = {name: value for name, value in self.named.items() if name not in apart}
        self._known.extend(chosen)
        return chosen

    def finish(self) -> None:
        """Refuses what no one asked for.

        Raises:
            TreadleError: E0303 for an unknown name, E0305 for values too many.
        """
        for name in self.named:
            if name not in self._known:
                self.refuse("E0303", f"has no argument `{name}`", did_you_mean(name, self._known))
        if len(self.positional) > self._places:
            self.refuse("E0305", f"takes {self._places} unnamed values, not {len(self.positional)}")

    def refuse(self, code: str, complaint: str, hint: str | None = None) -> NoReturn:
        """Raises a diagnostic about this call."""
        fail(code, f"`{self.loader}` {complaint}", self.span, hint=hint)

    def _typed(self, name: str, default: Any, kinds: tuple[type, ...], wanted: str) -> Any:
        value = self._value(name, default)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.refuse("E0314", f"needs {wanted} for `{name}`, not {value!r}")
        return value

    def _value(self, name: str, default: Any) -> Any:
        self._known.append(name)
        if name in self.named:
            return self.named[name]
        if self._places < len(self.positional):
            self._places += 1
            return self.positional[self._places - 1]
        if default is None:
            self.refuse("E0304", f"lacks the argument `{name}`")
        return default

    def _in_range(self, name: str, value: float, low: float, high: float) -> None:
        if not low <= value <= high:
            self.refuse("E0411", f"needs `{name}` between {low:,} and {high:,}, not {value!r}")
