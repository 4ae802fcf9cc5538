"""Parameters of what is called, for completions and signature help.

Input: an open call and a `Reading`. Output: the parameters that it can still take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from treadle.frontend import ast
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.frontend.symbols import Symbol
from treadle.lsp.context import OpenCall
from treadle.lsp.describe import documentation
from treadle.lsp.reading import Reading

_WRITTEN_CALL = re.compile(r"`(\w+)\(([^`]*)\)`")


@dataclass(frozen=True)
class Shown:
    """One parameter: its name, how it is written in the header, its default."""

    name: str
    text: str
    default: str | None = None


@dataclass(frozen=True)
class Signature:
    """A list of parameters of something that is called."""

    name: str
    params: tuple[Shown, ...]
    documentation: str
    first: int = 0  # of them that the pipe gives


def signature_of(call: OpenCall, reading: Reading, *, in_data: bool = False) -> Signature | None:
    """The parameters of a call; those of the second call of a layer where that is written."""
    if in_data and (symbol := reading.program.source_of_data(call.callee[0])) is not None:
        return _written(symbol)
    found = reading.callee(call.callee, call.start)
    if found is None:
        return None
    symbol, stage = found
    second = stage == "second" or call.stage == 2
    if symbol.home == "compiler":
        return _builtin(symbol, call)
    params = _params(symbol.node, second=second)
    if params is None:
        return None
    first = 1 if call.piped and isinstance(symbol.node, ast.Fn) else 0
    return Signature(symbol.name, tuple(map(_shown, params)), documentation(symbol), first)


def _params(node: ast.Node | None, *, second: bool) -> tuple[ast.Parameter | ast.Input, ...] | None:
    if isinstance(node, ast.Fn):
        return node.inputs
    if isinstance(node, ast.Definition):
        return node.inputs if second else node.config
    if isinstance(node, ast.Model):
        inputs = tuple(item for item in node.body if isinstance(item, ast.Input))
        return inputs if second else node.params
    return node.params if isinstance(node, ast.Data) else None


def _shown(param: ast.Parameter | ast.Input) -> Shown:
    text = " ".join(param.span.text.split())
    if isinstance(param, ast.Input):
        return Shown(param.name, text.partition(" ")[2])
    return Shown(param.name, text, None if param.default is None else param.default.span.text)


def _builtin(symbol: Symbol, call: OpenCall) -> Signature | None:
    found = BUILTINS.get(symbol.name)
    if not isinstance(found, Builtin):
        return None
    params = [Shown(p.name, p.name if p.required else f"[{p.name}]") for p in found.params]
    values = [Shown("values", "*values")] if found.variadic else []
    return Signature(symbol.name, (*values, *params), documentation(symbol), 1 if call.piped else 0)


def _written(symbol: Symbol) -> Signature | None:
    """The parameters of a data source, from the words about it."""
    text = documentation(symbol)
    found = _WRITTEN_CALL.search(text)
    if found is None:
        return None
    names = [name.strip() for name in found[2].split(",") if name.strip().isidentifier()]
    return Signature(symbol.name, tuple(Shown(name, name) for name in names), text)
