"""Lint: names that nothing reads, and names that hide others (L01xx).

What reads a name is what the table of symbols says. A name of a model may be read anywhere in the file,
because train and generate blocks see it; a name of a definition only in that definition.
"""

from __future__ import annotations

from collections.abc import Iterator

from treadle.errors import Diagnostic
from treadle.frontend import ast
from treadle.frontend.lint.report import warning
from treadle.frontend.result import Checked
from treadle.frontend.symbols import Program, Symbol, Table

_NAMED = ast.Layer | ast.Fn | ast.Schedule | ast.Init | ast.Optimizer | ast.Const | ast.Data
_WITH_PARAMETERS = ast.Layer | ast.Schedule | ast.Init | ast.Optimizer | ast.Model


def find_names(checked: Checked) -> Iterator[Diagnostic]:
    """Findings about the names of a file."""
    spec, table = checked.spec, Program().table(checked.module)
    for block in spec.blocks:
        if isinstance(block, ast.Model | ast.Definition):
            yield from _unread_values(block, table)
            yield from _hiding(block, checked)
        if isinstance(block, _WITH_PARAMETERS):
            yield from _unread_parameters(block, table)
    if any(isinstance(block, ast.Model) for block in spec.blocks):
        yield from _unread_blocks(spec, table)


def _assignments(block: ast.Model | ast.Definition) -> Iterator[ast.Name]:
    """Single names that statements of the block bind; in a scan they may be its carries, and are left out."""
    inside = {
        id(node)
        for scan in ast.walk(block)
        if isinstance(scan, ast.Scan)
        for statement in scan.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(block):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and id(node) not in inside:
            yield node.targets[0]


def _is_read(symbol: Symbol | None) -> bool:
    return symbol is None or bool(symbol.reads) or symbol.name.startswith("_")


def _unread_values(block: ast.Model | ast.Definition, table: Table) -> Iterator[Diagnostic]:
    for name in _assignments(block):
        if not _is_read(table.bodies[id(block)].own.get(name.id)):
            yield warning("L0101", f"`{name.id}` is never used", name.span, "remove it, or use it")


def _hiding(block: ast.Model | ast.Definition, checked: Checked) -> Iterator[Diagnostic]:
    for name in _assignments(block):
        hidden = checked.module.blocks.get(name.id)
        if isinstance(hidden, ast.Definition | ast.Const):
            word = type(hidden).__name__.lower()
            message = f"`{name.id}` hides the {word} of this name"
            yield warning("L0105", message, name.span, "give one of them another name")


def _unread_parameters(block: ast.Definition | ast.Model, table: Table) -> Iterator[Diagnostic]:
    params = block.params if isinstance(block, ast.Model) else block.config
    for param in params:
        if not _is_read(table.bodies[id(block)].own.get(param.name)):
            message = f"`{block.name}` never uses its parameter `{param.name}`"
            yield warning("L0103", message, param.span)


def _unread_blocks(spec: ast.Spec, table: Table) -> Iterator[Diagnostic]:
    for block in spec.blocks:
        if isinstance(block, _NAMED) and not table.top[block.name].reads:
            yield warning("L0104", f"`{block.name}` is never used in this file", block.span)
