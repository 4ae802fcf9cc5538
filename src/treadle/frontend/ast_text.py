"""The text form of a syntax tree: what `--emit=ast` shows. One line per node, children indented below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from treadle.frontend.ast import Node

_INDENT = "  "


def ast_to_text(root: Node) -> str:
    """The tree as text that ends with a newline; positions are left out."""
    return "\n".join(_lines(root, "")) + "\n"


def _lines(node: Node, indent: str) -> Iterator[str]:
    plain: list[tuple[str, object]] = []
    nested: list[tuple[str, Node | tuple[Node, ...]]] = []
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name in {"span", "name_span", "comments"} or value is None or value == ():
            continue
        if isinstance(value, Node) or (isinstance(value, tuple) and isinstance(value[0], Node)):
            nested.append((field.name, value))
        else:
            plain.append((field.name, value))
    words = "".join(f" {name}={value!r}" for name, value in plain)
    yield f"{indent}{type(node).__name__}{words}"
    for name, value in nested:
        yield f"{indent}{_INDENT}{name}:"
        for child in value if isinstance(value, tuple) else (value,):
            yield from _lines(child, indent + 2 * _INDENT)
