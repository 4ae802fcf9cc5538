"""The table of symbols of one file, and the scopes in which names are looked up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from treadle.frontend import ast
from treadle.source import Source, Span

if TYPE_CHECKING:
    from treadle.frontend.symbols.callees import Callees

Kind = Literal[
    "model", "layer", "function", "optimizer", "schedule", "initialiser", "constant", "data", "file",
    "training", "setting", "input", "target", "output", "loss", "metric", "weight", "state", "value",
    "dimension", "phase", "split", "column", "source", "builtin",
]  # fmt: skip
Home = Literal["file", "library", "compiler"]


@dataclass(eq=False)
class Symbol:
    """One thing with a name.

    Attributes:
        kind: what it is; "setting" is a parameter of a header, "weight" what `param` declares.
        node: the syntax that gives the name first; None for what the compiler defines.
        home: where it is defined; only symbols of files can be renamed.
        owner: the definition or block it belongs to.
        writes, reads: the places where the name is given and read, of all files of the program.
        passed: the places where calls give a value to this parameter, by its name.
        linked: symbols that have to have the same name: a column of the data and the model's input.
        value: the expression it was bound to, if there is one only.
    """

    name: str
    kind: Kind
    node: ast.Node | None
    home: Home = "file"
    owner: Symbol | None = None
    writes: list[Span] = field(default_factory=list)
    reads: list[Span] = field(default_factory=list)
    passed: list[Span] = field(default_factory=list)
    linked: list[Symbol] = field(default_factory=list)
    value: ast.Expr | None = None

    def family(self) -> list[Symbol]:
        """This symbol and all that have to have the same name."""
        found = [self]
        for symbol in found:
            found += [other for other in symbol.linked if other not in found]
        return found

    def places(self) -> list[Span]:
        """Everywhere the name is written."""
        return [span for symbol in self.family() for span in (*symbol.writes, *symbol.reads, *symbol.passed)]


class Names:
    """The names of one scope, over a parent; `outer` finds what no scope holds."""

    def __init__(
        self,
        span: Span,
        parent: Names | None,
        outer: Callable[[str], Symbol | None],
        *,
        merges: bool = False,
    ) -> None:
        """Begin without names; in a scope that `merges`, an assignment to a name of the parent means that."""
        self.span = span
        self.parent = parent
        self.outer = outer
        self.merges = merges
        self.own: dict[str, Symbol] = {}

    def local(self, name: str) -> Symbol | None:
        """The symbol of a name given inside of the block."""
        scope: Names | None = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.parent
        return None

    def find(self, name: str) -> Symbol | None:
        """The symbol of a name."""
        return self.local(name) or self.outer(name)

    def to_bind(self, name: str) -> Symbol | None:
        """The symbol that an assignment to this name would change."""
        if name in self.own or not self.merges:
            return self.own.get(name)
        return self.local(name)

    def all_local(self) -> dict[str, Symbol]:
        """The names given inside of the block, inner ones before outer ones."""
        above = {} if self.parent is None else self.parent.all_local()
        return {**above, **self.own}


@dataclass(frozen=True)
class Occurrence:
    """One place where a name is written; `given` is where a name that is read got its value last."""

    span: Span
    symbol: Symbol
    writes: bool
    given: Span | None = None


@dataclass(eq=False)
class Table:
    """The symbols of one file.

    Attributes:
        top: the blocks of the file by name.
        trainings: the train blocks by alias or model.
        bodies: the scope of each block, by identity of the block.
        occurrences: all names in the order of the text.
        file: the scope around all blocks.
        callees: finds the definition behind a callee.
    """

    source: Source
    file: Names
    top: dict[str, Symbol] = field(default_factory=dict)
    trainings: dict[str, Symbol] = field(default_factory=dict)
    bodies: dict[int, Names] = field(default_factory=dict)
    scopes: list[Names] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    callees: Callees | None = None
    _starts: list[int] = field(default_factory=list)

    def add(self, span: Span, symbol: Symbol, *, writes: bool) -> None:
        """Note one place."""
        if span.source is self.source:
            given = symbol.writes[-1] if symbol.writes and not writes else None
            self.occurrences.append(Occurrence(span, symbol, writes, given))

    def finish(self) -> None:
        """Bring the occurrences in order."""
        unique = {(one.span.start, one.span.end): one for one in self.occurrences}
        self.occurrences = [unique[place] for place in sorted(unique)]
        self._starts = [one.span.start for one in self.occurrences]

    def at(self, offset: int) -> Occurrence | None:
        """The name that `offset` lies in, or at the end of."""
        before = bisect_right(self._starts, offset)
        for one in reversed(self.occurrences[max(before - 1, 0) : before]):
            if one.span.start <= offset <= one.span.end:
                return one
        return None

    def scope_at(self, offset: int) -> Names | None:
        """The innermost scope around `offset`."""
        around = [scope for scope in self.scopes if scope.span.start <= offset <= scope.span.end]
        return min(around, key=lambda scope: scope.span.end - scope.span.start, default=None)

    def symbols(self) -> Iterator[Symbol]:
        """Each symbol that occurs, once."""
        return iter(dict.fromkeys(one.symbol for one in self.occurrences))

    def of(self, symbols: Iterable[Symbol]) -> list[Occurrence]:
        """Where one of these symbols occurs in this file."""
        wanted = set(symbols)
        return [one for one in self.occurrences if one.symbol in wanted]
