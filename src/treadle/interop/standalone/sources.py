"""The text of helper functions, with all that they call, in the order of their file."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

_IGNORED = "  # type: ignore[no-any-return]"


@cache
def helper_texts(module: str) -> dict[str, str]:
    """The text of each function of a module of this package, by name."""
    text = (files(__package__) / f"{module}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    functions = [item for item in ast.parse(text).body if isinstance(item, ast.FunctionDef)]
    return {
        function.name: "\n".join(lines[function.lineno - 1 : function.end_lineno]).replace(_IGNORED, "")
        for function in functions
    }


def helpers_with_callees(module: str, wanted: Iterable[str]) -> dict[str, str]:
    """The texts of these functions and of those that they call."""
    texts, found, waiting = helper_texts(module), set[str](), list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_names_in(texts[name]) & texts.keys())
    return {name: text for name, text in texts.items() if name in found}


def _names_in(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
