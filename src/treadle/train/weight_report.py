"""What became of the weights of a file: which parameters took one, and every difference, with what was meant.

Input: names, types, values. Output: a report as text, or diagnostics with a table. Non-goals: reading files,
renaming (`weights`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from treadle.backends.protocol import Array
from treadle.errors import Diagnostic, nearest
from treadle.source import Span
from treadle.types import TensorType

Shape = tuple[int, ...]

_OF_TRAINING = ":"  # in `adam.m:W` and other states of optimizers and averages; `adam.t` is one as well
_MANY = 100  # names among which likeness is not looked for: it takes time, and would be chance


@dataclass
class LoadReport:
    """What a `load` found.

    Attributes:
        file: the file's name.
        types: of all leaves that were to take a value.
        loaded: values by leaf name.
        missing: leaves that the file does not hold.
        unexpected: names in the file that no leaf has, with their shapes.
        other_shape: leaves whose value in the file has another shape, with that shape.
        other_type: leaves whose value in the file has another element type, with its name.
        twice: names in the file that mean a leaf for which there is a value already, with that leaf.
        unused: rules that fitted no name.
    """

    file: str
    types: Mapping[str, TensorType]
    loaded: dict[str, Array] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: dict[str, Shape] = field(default_factory=dict)
    other_shape: dict[str, Shape] = field(default_factory=dict)
    other_type: dict[str, str] = field(default_factory=dict)
    twice: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)

    def without(self, allowed: Callable[[str], bool]) -> LoadReport:
        """The report without the differences at some names, those of leaves or of the file."""
        return replace(
            self,
            missing=[name for name in self.missing if not allowed(name)],
            unexpected={name: shape for name, shape in self.unexpected.items() if not allowed(name)},
            other_shape={name: shape for name, shape in self.other_shape.items() if not allowed(name)},
            other_type={name: kind for name, kind in self.other_type.items() if not allowed(name)},
        )

    def __str__(self) -> str:
        """A line, and below it a table of all differences."""
        found = differences(self)
        counts = [f"{len(rows)} {kind.word}" for kind, rows in found.items()]
        rules = [f'no name fits "{rule}"' for rule in self.unused]
        line = f"{self.file}: {'; '.join([f'{len(self.loaded)} tensors loaded', *counts, *rules])}"
        rows = [(kind.word, *row) for kind, some in found.items() for row in some]
        return "\n".join([line, *(f"  {text}" for text in aligned(rows))])


@dataclass(frozen=True)
class Kind:
    """A kind of difference: its code, its word, and how a diagnostic says it."""

    code: str
    word: str
    message: str


MISSING = Kind("E0803", "missing", "{file} lacks {count} of the {all} parameters and states")
OTHER_SHAPE = Kind(
    "E0804", "of another shape", "{file} has other shapes for {count} of the {all} parameters and states"
)
UNEXPECTED = Kind("E0805", "unexpected", "{file} holds tensors that nothing here takes: {count}")
OTHER_TYPE = Kind(
    "E0806",
    "of another type",
    "{file} has other element types for {count} of the {all} parameters and states",
)

Row = tuple[str, str, str]


def differences(report: LoadReport) -> dict[Kind, list[Row]]:
    """For each kind of difference: name, what was expected or found, what may have been meant."""
    hints = _Hints(report)
    types = report.types
    found = {
        MISSING: [(name, f"expected {types[name]}", hints.missing(name)) for name in report.missing],
        OTHER_SHAPE: [
            (name, f"expected {types[name]}, found {list(shape)}", hints.shape(types[name], shape))
            for name, shape in report.other_shape.items()
        ],
        OTHER_TYPE: [
            (name, f"expected {types[name]}, found {kind}", "") for name, kind in report.other_type.items()
        ],
        UNEXPECTED: [
            (name, f"found {list(shape)}", hints.unexpected(name))
            for name, shape in report.unexpected.items()
        ],
    }
    return {kind: rows for kind, rows in found.items() if rows}


def diagnostics(report: LoadReport, span: Span | None = None, hint: str | None = None) -> list[Diagnostic]:
    """One diagnostic for each kind of difference, with a table of all of them."""
    return [
        Diagnostic(
            kind.code,
            kind.message.format(file=report.file, count=len(rows), all=len(report.types)),
            span,
            hint=hint,
            notes=tuple(aligned(rows)),
        )
        for kind, rows in differences(report).items()
    ]


def aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows as lines whose columns begin at equal places."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


class _Hints:
    """Guesses what was meant: by name, by shape, by the shape of the transpose."""

    def __init__(self, report: LoadReport) -> None:
        """Finds the free names of each shape once."""
        self._types = report.types
        self._twice = report.twice
        self._free = report.unexpected
        self._waiting = {name: report.types[name].static_shape() for name in report.missing}
        self._free_by_shape = _by_shape(self._free)
        self._waiting_by_shape = _by_shape(self._waiting)

    def missing(self, name: str) -> str:
        """A name in the file that is free."""
        shape = self._waiting[name]
        same = _likely(name, self._free_by_shape.get(shape, []))
        if same is not None:
            return f"`{same}` has this shape"
        turned = _likely(name, self._free_by_shape.get(shape[::-1], []))
        if turned is not None:
            return f"`{turned}` has this shape transposed"
        like = nearest(name, self._free) if len(self._free) <= _MANY else None
        return f"did you mean `{like}` {list(self._free[like])}?" if like is not None else ""

    def unexpected(self, name: str) -> str:
        """A leaf that lacks a value."""
        if name in self._twice:
            return f"`{self._twice[name]}` has a value already"
        same = _likely(name, self._waiting_by_shape.get(self._free[name], []))
        return f"`{same}` has this shape" if same is not None else ""

    @staticmethod
    def shape(type_: TensorType, shape: Shape) -> str:
        """What would make the value fit."""
        if len(shape) > 1 and shape[::-1] == type_.static_shape():
            return "it fits transposed"
        return ""


def _by_shape(shapes: Mapping[str, Shape]) -> dict[Shape, list[str]]:
    found: dict[Shape, list[str]] = {}
    for name, shape in shapes.items():
        found.setdefault(shape, []).append(name)
    return found


def _likely(name: str, candidates: Sequence[str]) -> str | None:
    """The only candidate, or the one most like the name."""
    if len(candidates) == 1:
        return candidates[0]
    return nearest(name, candidates) if len(candidates) <= _MANY else None


def of_the_network(values: Mapping[str, Array]) -> dict[str, Array]:
    """The values without those of optimizers and averages, which a checkpoint holds too."""
    optimizers = {own.partition(_OF_TRAINING)[0].rpartition(".")[0] for own in values if _OF_TRAINING in own}
    return {
        own: value
        for own, value in values.items()
        if _OF_TRAINING not in own and own.rpartition(".")[0] not in optimizers - {""}
    }
