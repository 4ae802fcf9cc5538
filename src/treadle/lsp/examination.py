"""One version of a text as elaboration tells it: all mistakes and findings, and what its expressions are.

Input: a `Reading`. Output: `Examination`. Takes up to seconds for a large text, so it runs beside the
server and stops when the text has changed. Non-goals: the protocol's form of diagnostics (`diagnostics`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from treadle.errors import Diagnostic, TreadleError
from treadle.frontend.elaborate.values import Built, ScanIndex, Steps, Tensor, Value, is_number, show
from treadle.frontend.elaborate.watch import watching
from treadle.frontend.lint import lint
from treadle.frontend.load import check
from treadle.frontend.result import Checked, LeafInfo
from treadle.lsp.reading import Reading
from treadle.source import Source, Span
from treadle.types import Dim, DType, TensorType

MAX_KINDS = 4  # of values that one expression may show: a layer is applied to several shapes
_PATIENCE = 256  # values between two looks whether the text has changed

What = TensorType | str
Place = tuple[int, int]


class Superseded(Exception):  # noqa: N818 - not an error: the text has changed, nobody waits for the result
    """Raised inside an elaboration that nobody needs any more."""


@dataclass
class Seen:
    """What was found out about the expressions of one text.

    Attributes:
        values: types of tensors, and other values as text, by place; in the order in which they were met.
        layers: the paths of the layers that a call made, and the leaves of their model, by its start.
    """

    source: Source
    is_stale: Callable[[], bool]
    values: dict[Place, list[What]] = field(default_factory=dict)
    layers: dict[int, dict[str, Mapping[str, LeafInfo]]] = field(default_factory=dict)
    _count: int = 0

    def value(self, span: Span, value: Value) -> None:
        """An expression has this value."""
        self._count += 1
        if self._count % _PATIENCE == 0 and self.is_stale():
            raise Superseded
        if span.source is not self.source:
            return
        found = self.values.setdefault((span.start, span.end), [])
        what = value.type if isinstance(value, Tensor) else _shown(value)
        if what is not None and len(found) < MAX_KINDS and what not in found:
            found.append(what)

    def applied(self, span: Span, path: str, leaves: Mapping[str, LeafInfo]) -> None:
        """A call made the layer of this path."""
        if span.source is self.source:
            self.layers.setdefault(span.start, {}).setdefault(path, leaves)

    def moved(self, source: Source) -> Seen:
        """What is still true of a newer text: all that lies before or after the part that changed."""
        old, new = self.source.text, source.text
        before = _equal_at_start(old, new)
        after = _equal_at_start(old[before:][::-1], new[before:][::-1])
        shift, end = len(new) - len(old), len(old) - after
        found = Seen(source, lambda: True)
        for (a, b), what in self.values.items():
            if b <= before or a >= end:
                by = shift if a >= end else 0
                found.values[a + by, b + by] = what
        for a, made in self.layers.items():
            if a < before or a >= end:
                found.layers[a + shift if a >= end else a] = made
        return found

    def at(self, span: Span) -> list[What]:
        """What was found at a place."""
        return self.values.get((span.start, span.end), [])


@dataclass(frozen=True, eq=False)
class Examination:
    """All that is known about one version of a text."""

    reading: Reading
    diagnostics: tuple[Diagnostic, ...]
    seen: Seen
    checked: Checked | None


def examine(reading: Reading, is_stale: Callable[[], bool] = lambda: False) -> Examination:
    """Elaborate a text.

    Raises:
        Superseded: as soon as `is_stale` says so.
    """
    seen = Seen(reading.source, is_stale)
    checked: Checked | None = None
    found: list[Diagnostic] = []
    try:
        with watching(seen):
            checked = check(reading.module)
        if not reading.problems:
            found = lint(checked)
    except TreadleError as error:
        found = error.diagnostics
    return Examination(reading, reading.problems or tuple(found), seen, checked)


def _equal_at_start(one: str, other: str) -> int:
    """How many characters two texts have in common from their start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _shown(value: Value) -> str | None:
    """A compile-time value as text; None for what has a page of its own."""
    if is_number(value) or isinstance(value, bool | str | Dim | list | Built):
        return show(value)
    if isinstance(value, DType | range):
        return str(value)
    if isinstance(value, tuple):
        parts = [str(part.type) if isinstance(part, Tensor) else _shown(part) or "..." for part in value]
        return f"({', '.join(parts)})"
    return "the index of a scan" if isinstance(value, ScanIndex | Steps) else None
