"""The text of helper functions, with all that they call, in the order of their file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

DECORATORS = frozenset({"jit", "parallel"})
"""What an exported module defines by Numba."""
_TO_TOOLS = re.compile(r"  # (noqa|type: ignore).*$")


@cache
def helper_texts(module: str) -> dict[str, str]:
    """The text of each function of a module of this package, by name."""
    text = (files(__package__) / f"{module}.py").read_text(encoding="utf-8")
    functions = [item for item in ast.parse(text).body if isinstance(item, ast.FunctionDef)]
    printed = (function for function in functions if function.name not in DECORATORS)
    return {function.name: _text(function, text.splitlines()) for function in printed}


def _text(function: ast.FunctionDef, lines: list[str]) -> str:
    """The lines of a function and of its decorators, without words to our own tools."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return "\n".join(_TO_TOOLS.sub("", line) for line in lines[first - 1 : function.end_lineno])


def all_helpers(modules: Iterable[str]) -> dict[str, str]:
    """The functions of several modules; of equal names, that of the last."""
    return {name: text for module in modules for name, text in helper_texts(module).items()}


def helpers_with_callees(texts: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """Those of some functions that are wanted, and those that they call."""
    found, waiting = set[str](), list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_names_in(texts[name]) & texts.keys())
    return {name: text for name, text in texts.items() if name in found}


def _names_in(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
