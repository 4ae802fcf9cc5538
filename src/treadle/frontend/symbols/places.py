"""Where in its text a syntax node names something: the grammar fixes the place, so the text is enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

from treadle.frontend import ast
from treadle.source import Span

_AFTER_KEYWORD = re.compile(r"\s*\w+\s+(\w+)")
_FIRST_WORD = re.compile(r"\W*(\w+)")
_LAST_AS = re.compile(r"\bas\s+(\w+)")
_WORD = re.compile(r"\w+")

_KEYWORD_FIRST = (
    ast.Input, ast.Target, ast.Param, ast.State, ast.Const, ast.Output, ast.Loss, ast.Metric, ast.Model,
    ast.Definition, ast.Data, ast.Phase,
)  # fmt: skip
_NAME_FIRST = (ast.Name, ast.Parameter, ast.Carry)


def name_span(node: ast.Node, code: str) -> Span | None:
    """The place of the name that a node gives or reads; `code` is the text without comments.

    For an `Attribute` it is the word after the dot, for a block with an alias the alias.
    """
    if isinstance(node, ast.Attribute):
        return _attribute(node, code)
    if isinstance(node, ast.Argument):
        return node.name_span
    if isinstance(node, _KEYWORD_FIRST):
        return _matched(_AFTER_KEYWORD, node, code)
    if isinstance(node, _NAME_FIRST):
        return _matched(_FIRST_WORD, node, code)
    if isinstance(node, ast.Use | ast.Train | ast.Generate | ast.Sweep | ast.Adapt):
        return _alias(node, code)
    return None


def path_spans(node: ast.Vary, code: str) -> Iterator[tuple[str, Span]]:
    """The words of the path that a sweep varies, with their places."""
    words = _WORD.finditer(code, node.span.start, node.span.end)
    for word, found in zip(node.path, words, strict=False):
        yield word, node.span.source.span(*found.span())


def _attribute(node: ast.Attribute, code: str) -> Span | None:
    start = code.rfind(node.name, node.value.span.start, node.span.end)
    return None if start < 0 else node.span.source.span(start, start + len(node.name))


def _alias(node: ast.Use | ast.Train | ast.Generate | ast.Sweep | ast.Adapt, code: str) -> Span | None:
    end = code.find("{", node.span.start, node.span.end)
    found = list(_LAST_AS.finditer(code, node.span.start, node.span.end if end < 0 else end))
    return node.span.source.span(*found[-1].span(1)) if found else None


def _matched(pattern: re.Pattern[str], node: ast.Node, code: str) -> Span | None:
    found = pattern.match(code, node.span.start, node.span.end)
    return None if found is None else node.span.source.span(*found.span(1))
