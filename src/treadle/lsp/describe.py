"""Pages about names: headers, documentation, kinds; as Markdown, for hovers and completions.

Input: symbols. Output: text. Non-goals: what a name is at one place (`hover`).
"""

from __future__ import annotations

import inspect
from functools import cache

from treadle.errors import CODES
from treadle.errors.render import explain
from treadle.frontend import ast
from treadle.frontend.doc_comments import comment_above
from treadle.frontend.elaborate.builtins import BUILTINS
from treadle.frontend.elaborate.values import Builtin
from treadle.frontend.program import library_source
from treadle.frontend.symbols import Symbol
from treadle.lsp.words import CONTEXTUAL_WORDS
from treadle.ops import REGISTRY
from treadle.train.data.sources import source_help

_SHORT = 4  # lines of a function that are shown whole


def fenced(code: str) -> str:
    """Code of the language in Markdown."""
    return f"```treadle\n{code}\n```"


def header(block: ast.Node) -> str:
    """A definition up to its body; a short function whole."""
    text = block.span.text
    whole = getattr(block, "short", False) and text.count("\n") < _SHORT
    return (text if whole else text.partition("{")[0]).strip()


def documentation(symbol: Symbol) -> str:
    """What is written about a symbol: the comment above it, or the compiler's own words."""
    if symbol.home == "compiler":
        return _compiler_words(symbol)
    if symbol.node is None or not isinstance(symbol.node, _DOCUMENTED):
        return ""
    source = symbol.node.span.source
    if symbol.home == "library":
        source = library_source(symbol.name) or source
    return " ".join(comment_above(source, symbol.node.span.line))


_DOCUMENTED = (ast.Definition, ast.Model, ast.Adapt, ast.Data, ast.Const, ast.Train)


def _compiler_words(symbol: Symbol) -> str:
    if symbol.kind == "source":
        return source_help(symbol.name)
    if symbol.name in CONTEXTUAL_WORDS:
        return CONTEXTUAL_WORDS[symbol.name]
    found = BUILTINS.get(symbol.name)
    return builtin_words(found) if isinstance(found, Builtin) else "A name of the language."


@cache
def builtin_words(builtin: Builtin) -> str:
    """What a function that is written in Python does, from its own comment or that of its op."""
    own = inspect.getdoc(builtin.run) or ""
    return own or (REGISTRY[builtin.name].doc if builtin.name in REGISTRY else "")


def builtin_call(builtin: Builtin) -> str:
    """How a builtin is called; parameters in brackets may be left out."""
    params = [param.name if param.required else f"[{param.name}]" for param in builtin.params]
    return f"{builtin.name}({', '.join(['*values'] * builtin.variadic + params)})"


def signature(symbol: Symbol) -> str:
    """The first lines of a page about a symbol: its header, or its kind and name."""
    found = BUILTINS.get(symbol.name) if symbol.home == "compiler" else None
    if isinstance(found, Builtin):
        return builtin_call(found)
    if symbol.kind == "source":
        return f"train = {symbol.name}(...)"
    if isinstance(symbol.node, ast.Definition | ast.Model | ast.Adapt | ast.Data | ast.Train):
        return header(symbol.node)
    if symbol.node is not None and isinstance(symbol.node, _ONE_LINE):
        return " ".join(symbol.node.span.text.split())
    return symbol.name


_ONE_LINE = (ast.Const, ast.Parameter, ast.Input, ast.Target, ast.Param, ast.State, ast.Use)


def page(symbol: Symbol) -> str:
    """The whole page about a symbol that stands for itself."""
    return "\n\n".join(
        part for part in (fenced(signature(symbol)), documentation(symbol), origin(symbol)) if part
    )


def origin(symbol: Symbol) -> str:
    """Where a symbol comes from, if that is not this file."""
    if symbol.home == "library" and symbol.node is not None and symbol.owner is None:
        return f"*{symbol.kind} of the library, `{symbol.node.span.source.name}`*"
    return "*built-in*" if symbol.home == "compiler" else ""


def code_page(code: str) -> str | None:
    """The page about an error code."""
    if code not in CODES:
        return None
    title, _, rest = explain(code).partition("\n")
    text, _, example = rest.strip().partition("\n\n")
    shown = "\n".join(line[4:] for line in example.splitlines())
    return f"**{title}**\n\n{text}\n\n{fenced(shown)}"
