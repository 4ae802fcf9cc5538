"""Items of completions: names of files, of the library and of the compiler, words, patterns of blocks.

Input: symbols, names, words. Output: items of the protocol. Non-goals: which of them fit (`completion`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lsprotocol import types as lsp

from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.builtins.special import CONTEXTUAL
from treadle.frontend.program import library_source, library_words
from treadle.frontend.symbols import Kind, Program, Symbol
from treadle.lsp.context import Context
from treadle.lsp.describe import page, signature
from treadle.lsp.reading import Reading
from treadle.lsp.snippets import SNIPPETS
from treadle.lsp.words import BLOCKS

_ITEM_KINDS: dict[Kind, lsp.CompletionItemKind] = {
    "model": lsp.CompletionItemKind.Class,
    "layer": lsp.CompletionItemKind.Class,
    "optimizer": lsp.CompletionItemKind.Class,
    "function": lsp.CompletionItemKind.Function,
    "schedule": lsp.CompletionItemKind.Function,
    "initialiser": lsp.CompletionItemKind.Function,
    "builtin": lsp.CompletionItemKind.Function,
    "source": lsp.CompletionItemKind.Function,
    "constant": lsp.CompletionItemKind.Constant,
    "data": lsp.CompletionItemKind.Module,
    "file": lsp.CompletionItemKind.Module,
    "dimension": lsp.CompletionItemKind.TypeParameter,
    "weight": lsp.CompletionItemKind.Property,
    "state": lsp.CompletionItemKind.Property,
}
_KINDS_OF_WORDS: dict[str, Kind] = {
    "model": "model", "layer": "layer", "fn": "function", "optimizer": "optimizer", "schedule": "schedule",
    "init": "initialiser", "const": "constant",
}  # fmt: skip
_MAX_DETAIL = 120


def named(symbol: Symbol, rank: str) -> lsp.CompletionItem:
    """A name of the file; `rank` is where it stands in the list."""
    return lsp.CompletionItem(
        label=symbol.name,
        kind=_ITEM_KINDS.get(symbol.kind, lsp.CompletionItemKind.Variable),
        label_details=lsp.CompletionItemLabelDetails(description=symbol.kind),
        sort_text=f"{rank}{symbol.name}",
        detail=" ".join(signature(symbol).split())[:_MAX_DETAIL],
    )


@cache
def outside() -> dict[str, Kind]:
    """The names of the library and of the compiler; nothing is parsed for them."""
    library = {n: _KINDS_OF_WORDS[w] for n, w in library_words().items() if not n.startswith("_")}
    builtin: dict[str, Kind] = dict.fromkeys((*BUILTINS, *CONTEXTUAL), "builtin")
    return {**builtin, **library}


def file_of(name: str) -> str | None:
    """The file of the library that defines a name."""
    source = library_source(name)
    return None if source is None else source.name


def outer(name: str, kind: Kind, rank: str) -> lsp.CompletionItem:
    """A name of the library or of the compiler; its page is added when it is looked at (`resolve`)."""
    return lsp.CompletionItem(
        label=name,
        kind=_ITEM_KINDS[kind],
        label_details=lsp.CompletionItemLabelDetails(description=kind),
        sort_text=f"{rank}{name}",
        data={"outside": name, "source": kind == "source"},
    )


def resolve(item: lsp.CompletionItem) -> lsp.CompletionItem:
    """An item of the library or the compiler with its page, once somebody looks at it."""
    given = item.data if isinstance(item.data, dict) else {}
    name, program = given.get("outside"), Program()
    if isinstance(name, str):
        symbol = program.source_of_data(name) if given.get("source") else program.outside(name)
        if symbol is not None:
            item.documentation = lsp.MarkupContent(lsp.MarkupKind.Markdown, page(symbol))
    return item


def word(text: str, about: str, kind: lsp.CompletionItemKind, rank: str = "1") -> lsp.CompletionItem:
    """A word that is no name, with what it means."""
    words = lsp.MarkupContent(lsp.MarkupKind.Markdown, about) if about else None
    return lsp.CompletionItem(text, kind=kind, documentation=words, sort_text=f"{rank}{text}")


def block(keyword: str) -> lsp.CompletionItem:
    """A block of the file, as a pattern to fill in."""
    item = word(keyword, BLOCKS[keyword], lsp.CompletionItemKind.Keyword)
    if keyword in SNIPPETS:
        item.insert_text, item.insert_text_format = SNIPPETS[keyword], lsp.InsertTextFormat.Snippet
        item.kind = lsp.CompletionItemKind.Snippet
    return item


def files(context: Context, reading: Reading) -> Iterator[lsp.CompletionItem]:
    """Specs beside this one, in `use "..."`."""
    if reading.path is None or "use" not in context.statement:
        return
    folder = reading.path.parent
    for file in sorted(folder.glob("**/*.tdl"))[:200]:
        if file.resolve() != reading.path.resolve():
            name = Path(file.relative_to(folder)).as_posix()
            yield lsp.CompletionItem(name, kind=lsp.CompletionItemKind.File)
