"""From the parser's tree of rules to the syntax tree.

Stage: the tree that `parser` gets from the grammar -> `ast.Spec`. One method per rule, named like the rule,
here and in the two base classes. Mistakes that the grammar cannot express (E0111, E0118, E0904 ...) are
collected. Non-goals: meaning; placement of statements (`placement`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from treadle.errors import Diagnostics, TreadleError
from treadle.frontend import ast
from treadle.frontend.transform_blocks import BlockRules
from treadle.source import Source, Span


class RuleTree(Protocol):
    """What is needed of the parser's tree: a rule name, parts (trees, tokens or None) and a position."""

    data: str
    children: list[Any]
    meta: Any


def to_ast(
    tree: RuleTree, source: Source, comments: tuple[tuple[int, str], ...], problems: Diagnostics
) -> ast.Spec:
    """Build the syntax tree of `tree`; what is wrong goes to `problems`, and a stand-in takes its place.

    Works with a stack of its own, so that a deep tree cannot exhaust Python's.
    """
    rules = BlockRules(source, problems)
    done: dict[int, Any] = {}
    stack: list[tuple[RuleTree, bool]] = [(tree, False)]
    while stack:
        node, entered = stack.pop()
        if entered:
            parts = [done.pop(id(part)) if _is_tree(part) else part for part in node.children]
            done[id(node)] = _apply(rules, node, parts, source, problems)
        else:
            stack.append((node, True))
            stack.extend((part, False) for part in reversed(node.children) if _is_tree(part))
    blocks: tuple[ast.TopLevel, ...] = done[id(tree)]
    return ast.Spec(blocks, comments, span=source.span(0, len(source.text)))


def _apply(rules: BlockRules, node: RuleTree, parts: list[Any], source: Source, problems: Diagnostics) -> Any:
    rule: Callable[[list[Any], Span], Any] = getattr(rules, node.data)
    span = _span(node, source)
    try:
        return rule(parts, span)
    except TreadleError as error:
        problems.extend(error.diagnostics)
        return ast.Name("", span=span)


def _is_tree(part: Any) -> bool:
    return hasattr(part, "children")


def _span(node: RuleTree, source: Source) -> Span:
    if node.meta.empty:
        return source.span(0, 0)
    return source.span(node.meta.start_pos, node.meta.end_pos)
