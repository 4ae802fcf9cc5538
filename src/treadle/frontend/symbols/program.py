"""Symbols of whole programs: a table for each file, and the symbols of the library and of the compiler."""

from __future__ import annotations

from treadle.frontend import ast
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.builtins.special import CONTEXTUAL
from treadle.frontend.elaborate.data import SOURCES
from treadle.frontend.program import Module, library_block
from treadle.frontend.symbols.places import name_span
from treadle.frontend.symbols.table import Home, Kind, Names, Symbol, Table
from treadle.source import Span

KINDS: dict[type[ast.Node], Kind] = {
    ast.Model: "model",
    ast.Adapt: "model",
    ast.Layer: "layer",
    ast.Fn: "function",
    ast.Optimizer: "optimizer",
    ast.Schedule: "schedule",
    ast.Init: "initialiser",
    ast.Const: "constant",
    ast.Data: "data",
    ast.Input: "input",
    ast.Target: "target",
    ast.Param: "weight",
    ast.State: "state",
}


class Program:
    """The tables of the files of a program, made when they are asked for.

    `codes` holds the texts of open files without their comments, by identity of their source.
    """

    def __init__(self) -> None:
        """Begin without tables."""
        self._tables: dict[int, Table] = {}
        self._modules: list[Module] = []  # keeps their identities taken
        self._outside: dict[tuple[str, str], Symbol] = {}
        self._members: dict[tuple[int, str], Symbol] = {}

    def table(self, module: Module, code: str | None = None) -> Table:
        """The table of a file; `code` is its text without comments."""
        from treadle.frontend.symbols.resolve import Resolver  # noqa: PLC0415 - each needs the other

        found = self._tables.get(id(module))
        if found is None:
            self._modules.append(module)
            around = Names(module.spec.span, None, self.outside)
            found = self._tables[id(module)] = Table(module.source, around)
            Resolver(self, module, found, module.source.text if code is None else code).run()
            found.finish()
        return found

    def outside(self, name: str) -> Symbol | None:
        """What a name means that no file defines: a block of the library, or something of the compiler."""
        block = library_block(name)
        if block is not None:
            return self._known("library", name, KINDS[type(block)], block)
        if name in BUILTINS or name in CONTEXTUAL:
            return self._known("compiler", name, "builtin", None)
        return None

    def source_of_data(self, name: str) -> Symbol | None:
        """The symbol of a data source such as `csv`."""
        return self._known("compiler", f"{name}()", "source", None) if name in SOURCES else None

    def member(self, owner: Symbol, name: str) -> Symbol | None:
        """A parameter of the header, a weight or an input of a definition outside the file."""
        if not isinstance(owner.node, ast.Definition | ast.Model | ast.Data):
            return None
        node = next((n for n in declared(owner.node) if getattr(n, "name", None) == name), None)
        if node is None:
            return None
        key = (id(owner), name)
        if key not in self._members:
            self._members[key] = Symbol(name, KINDS.get(type(node), "setting"), node, owner.home, owner)
            self._members[key].writes += _place(node)
        return self._members[key]

    def _known(self, home: Home, name: str, kind: Kind, block: ast.Node | None) -> Symbol:
        key = (home, name)
        if key not in self._outside:
            symbol = self._outside[key] = Symbol(name.removesuffix("()"), kind, block, home)
            symbol.writes += [] if block is None else _place(block)
        return self._outside[key]


def declared(block: ast.Definition | ast.Model | ast.Data) -> list[ast.Node]:
    """What a definition declares: parameters, inputs, weights, states."""
    if isinstance(block, ast.Data):
        return [*block.params]
    header = (*block.params,) if isinstance(block, ast.Model) else (*block.config, *block.inputs)
    kinds = (ast.Input, ast.Target, ast.Param, ast.State)
    return [*header, *(node for node in ast.walk(block) if isinstance(node, kinds))]


def _place(node: ast.Node) -> list[Span]:
    found = name_span(node, node.span.source.text)
    return [] if found is None else [found]
