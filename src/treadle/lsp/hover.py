"""Hovers: what stands under the cursor.

Input: an `Examination` and an offset. Output: Markdown and the range it is about, or nothing. Shapes are
those of all uses that were met; a layer that nothing applies has only its header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

from lsprotocol import types as lsp

from treadle.frontend import ast
from treadle.frontend.result import LeafInfo
from treadle.frontend.symbols import Kind, Occurrence, Symbol
from treadle.lsp.describe import code_page, documentation, fenced, origin, signature
from treadle.lsp.examination import Examination, What
from treadle.lsp.positions import Positions
from treadle.lsp.words import DTYPES, KINDS, word_help
from treadle.source import Span
from treadle.types import TensorType

_WORD = re.compile(r"\w+")
_DEFINITIONS: frozenset[Kind] = frozenset({
    "model", "layer", "function", "optimizer", "schedule", "initialiser", "data", "builtin", "source",
    "training", "file",
})  # fmt: skip
_MAX_LEAVES = 12


def hover(found: Examination, offset: int, encoding: str) -> lsp.Hover | None:
    """What is to be shown at an offset."""
    reading = found.reading
    one = reading.table.at(offset)
    span, text = (one.span, _name_page(found, one)) if one is not None else _word_page(found, offset)
    problems = [d for d in found.diagnostics if d.span is not None and _holds(d.span, offset, reading.source)]
    pages = [text, *dict.fromkeys(code_page(problem.code) for problem in problems)]
    shown = "\n\n---\n\n".join(page for page in pages if page)
    if not shown:
        return None
    range_ = Positions(reading.source, encoding).range(span) if span is not None else None
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, shown), range_)


def _holds(span: Span, offset: int, source: object) -> bool:
    return span.source is source and span.start <= offset < max(span.end, span.start + 1)


def _name_page(found: Examination, one: Occurrence) -> str:
    symbol = one.symbol
    parts = [_values(found, one)] if symbol.kind not in _DEFINITIONS else []
    if symbol.kind in _DEFINITIONS or symbol.home != "file" or symbol.kind == "constant":
        parts.append(fenced(signature(symbol)))
    parts += [_declared(symbol), documentation(symbol), _weights(found, one), origin(symbol)]
    return "\n\n".join(part for part in parts if part)


def _values(found: Examination, one: Occurrence) -> str:
    """The name with the types or values that it was found to have."""
    values = what_is(found, one)
    if not values:
        return fenced(f"{one.symbol.name}  # {one.symbol.kind}")
    if len(values) == 1:
        return fenced(f"{_with_type(one.symbol.name, values[0])}  # {one.symbol.kind}")
    lines = [_with_type(one.symbol.name, value) for value in values]
    return fenced("\n".join([f"# {one.symbol.kind}, as it is used:", *lines]))


def what_is(found: Examination, one: Occurrence) -> list[What]:
    """What a name was found to be: here, or where it is given."""
    here = found.seen.at(one.span)
    if here or not one.writes:
        return here
    node = one.symbol.node
    return found.seen.at(node.span) if node is not None else []


def _with_type(name: str, what: What) -> str:
    if isinstance(what, TensorType):
        return f"{name}: {what}"
    return name if what == name else f"{name} = {what}"


def _declared(symbol: Symbol) -> str:
    """How a setting, weight or input is declared."""
    if symbol.home == "file" and isinstance(symbol.node, ast.Parameter | ast.Param | ast.State):
        text = " ".join(symbol.node.span.text.split())
        owner = f" of `{symbol.owner.name}`" if symbol.owner is not None else ""
        return f"declared as `{text}`{owner}"
    if symbol.owner is not None and symbol.home == "library":
        return f"{symbol.kind} of `{symbol.owner.name}`: {documentation(symbol.owner)}"
    return ""


def _weights(found: Examination, one: Occurrence) -> str:
    """The parameters of the layers that a call makes."""
    made = found.seen.layers.get(one.span.start, {})
    leaves = {leaf.name: leaf for path, all_ in made.items() for leaf in _below(path, all_)}
    if one.symbol.kind == "model" and found.checked is not None and one.symbol.name in found.checked.models:
        leaves = dict(found.checked.models[one.symbol.name].leaves)
    return _table(leaves)


def _below(path: str, leaves: Mapping[str, LeafInfo]) -> list[LeafInfo]:
    own = (path, f"{path}.", f"{path}[")
    return [leaf for leaf in leaves.values() if leaf.scope == path or leaf.scope.startswith(own[1:])]


def _table(leaves: Mapping[str, LeafInfo]) -> str:
    if not leaves:
        return ""
    sizes = [_size(leaf) for leaf in leaves.values() if leaf.kind == "param"]
    rows = [f"* `{leaf.name}: {leaf.type}`" for leaf in list(leaves.values())[:_MAX_LEAVES]]
    more = [f"* ... {len(leaves) - _MAX_LEAVES} more"] if len(leaves) > _MAX_LEAVES else []
    return "\n".join([f"{sum(sizes):,} parameters:", "", *rows, *more])


def _size(leaf: LeafInfo) -> int:
    return prod(size for size in leaf.type.shape if isinstance(size, int))


def _word_page(found: Examination, offset: int) -> tuple[Span | None, str]:
    """The page about a word that is no name: a keyword, a setting, a type, an error code, an expression."""
    reading = found.reading
    word = next(
        (
            m
            for m in _WORD.finditer(reading.source.text, *_line(found, offset))
            if m.start() <= offset <= m.end()
        ),
        None,
    )
    if word is None:
        return None, ""
    span = reading.source.span(*word.span())
    if reading.code[: span.start].endswith("."):
        return None, ""
    block = reading.block_at(offset)
    kind = None if block is None or block.span.start == span.start else type(block).__name__.lower()
    if reading.code[span.start : span.end] != word[0]:
        return span, code_page(word[0]) or ""  # in a comment
    text = code_page(word[0]) or word_help(word[0], kind) or KINDS.get(word[0]) or DTYPES.get(word[0]) or ""
    return span, text if text == "" else f"**{word[0]}**: {text}"


def _line(found: Examination, offset: int) -> tuple[int, int]:
    text = found.reading.source.text
    end = text.find("\n", offset)
    return text.rfind("\n", 0, offset) + 1, len(text) if end < 0 else end
