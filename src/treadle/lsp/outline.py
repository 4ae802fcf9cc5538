"""The outline of a file: blocks, and what is declared in them.

Input: a `Reading`. Output: nested symbols of the protocol; also those of a whole folder, by headers alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsprotocol import types as lsp

from treadle.frontend import ast
from treadle.frontend.symbols.places import name_span
from treadle.lsp.describe import header
from treadle.lsp.positions import Positions
from treadle.lsp.reading import Reading

_KINDS: dict[type[ast.Node], lsp.SymbolKind] = {
    ast.Use: lsp.SymbolKind.File,
    ast.Const: lsp.SymbolKind.Constant,
    ast.Model: lsp.SymbolKind.Class,
    ast.Adapt: lsp.SymbolKind.Class,
    ast.Layer: lsp.SymbolKind.Struct,
    ast.Fn: lsp.SymbolKind.Function,
    ast.Optimizer: lsp.SymbolKind.Operator,
    ast.Schedule: lsp.SymbolKind.Function,
    ast.Init: lsp.SymbolKind.Function,
    ast.Data: lsp.SymbolKind.Package,
    ast.Train: lsp.SymbolKind.Event,
    ast.Generate: lsp.SymbolKind.Event,
    ast.Sweep: lsp.SymbolKind.Event,
    ast.Input: lsp.SymbolKind.Field,
    ast.Target: lsp.SymbolKind.Field,
    ast.Param: lsp.SymbolKind.Property,
    ast.State: lsp.SymbolKind.Property,
    ast.Output: lsp.SymbolKind.Interface,
    ast.Loss: lsp.SymbolKind.Number,
    ast.Metric: lsp.SymbolKind.Number,
    ast.Phase: lsp.SymbolKind.Namespace,
    ast.Setting: lsp.SymbolKind.Key,
    ast.Vary: lsp.SymbolKind.Key,
    ast.Assign: lsp.SymbolKind.Variable,
}
_HEADER = re.compile(r"^(model|layer|fn|optimizer|schedule|init|const|data)[ \t]+(\w+)", re.MULTILINE)
_HEADER_KINDS = {
    "model": ast.Model, "layer": ast.Layer, "fn": ast.Fn, "optimizer": ast.Optimizer,
    "schedule": ast.Schedule, "init": ast.Init, "const": ast.Const, "data": ast.Data,
}  # fmt: skip
_MAX_DETAIL = 60


def outline(reading: Reading, encoding: str) -> list[lsp.DocumentSymbol]:
    """The symbols of a file."""
    return _Outline(reading, encoding).all(reading.spec.blocks)


class _Outline:
    def __init__(self, reading: Reading, encoding: str) -> None:
        self._code = reading.code
        self._positions = Positions(reading.source, encoding)

    def all(self, nodes: Iterable[ast.Node]) -> list[lsp.DocumentSymbol]:
        """The symbols of nodes that have one."""
        kinds = tuple(_KINDS)
        return [self._one(node) for node in nodes if isinstance(node, kinds)]

    def _one(self, node: ast.Node) -> lsp.DocumentSymbol:
        kind = next(_KINDS[base] for base in type(node).__mro__ if base in _KINDS)
        name = _name(node, self._code)
        own = name_span(node, self._code)
        inside = own is not None and node.span.start <= own.start and own.end <= node.span.end
        range_ = self._positions.range(node.span)
        selected = self._positions.range(own) if own is not None and inside else range_
        return lsp.DocumentSymbol(
            name, kind, range_, selected, _detail(node), children=self.all(_inside(node))
        )


def _name(node: ast.Node, code: str) -> str:
    """The name of a node, or what stands for it."""
    match node:
        case ast.Train() | ast.Generate():
            return f"{type(node).__name__.lower()} {node.alias or node.model.id}"
        case ast.Sweep():
            return f"sweep {node.alias or node.train.id}"
        case ast.Use():
            return node.alias or node.path
        case ast.Setting():
            return node.word
        case ast.Vary():
            return ".".join(node.path)
        case ast.Assign():
            return ", ".join(target.id for target in node.targets)
        case ast.Output() | ast.Loss() | ast.Metric():
            return node.name or " ".join(code[node.span.start : node.span.end].split())
    return str(getattr(node, "name", "")) or type(node).__name__.lower()


def _detail(node: ast.Node) -> str:
    if isinstance(node, ast.Definition | ast.Model):
        text = header(node).partition(node.name)[2]
    elif isinstance(node, ast.Input | ast.Target | ast.Param | ast.State):
        text = node.span.text.partition(node.name)[2].lstrip(": ")
    else:
        return ""
    return " ".join(text.split())[:_MAX_DETAIL]


def _inside(node: ast.Node) -> Iterator[ast.Node]:
    """The statements of a block that the outline shows; assignments only in data blocks."""
    for statement in (*getattr(node, "body", ()), *getattr(node, "items", ())):
        if isinstance(statement, ast.If):
            yield from (s for s in (*statement.then, *statement.otherwise) if not isinstance(s, ast.Assign))
        elif not isinstance(statement, ast.Assign) or isinstance(node, ast.Data):
            yield statement


def workspace_symbols(query: str, files: Iterable[tuple[str, Positions]]) -> Iterator[lsp.WorkspaceSymbol]:
    """Blocks of many files whose name holds the letters of the query, in order; not parsed."""
    wanted = re.compile(".*?".join(map(re.escape, query)), re.IGNORECASE)
    for uri, positions in files:
        for found in _HEADER.finditer(positions.source.text):
            if wanted.search(found[2]):
                place = lsp.Location(uri, positions.between(*found.span(2)))
                yield lsp.WorkspaceSymbol(place, found[2], _KINDS[_HEADER_KINDS[found[1]]])
