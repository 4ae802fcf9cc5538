"""`load "base.safetensors" into encoder rename ["bert.*", "*"] partial`: which leaves take which weights.

Input: a statement, and the leaves of the model. Output: `LoadPlan`. Non-goals: reading the file
(`train.weights`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.selectors import select
from treadle.frontend.elaborate.values import Built, Value, describe
from treadle.frontend.result import LeafInfo, LoadPlan
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def load_plan(el: Elaborator, statement: ast.Load, scope: Scope, leaves: Iterable[LeafInfo]) -> LoadPlan:
    """What one `load` statement means.

    Raises:
        TreadleError: E0604 for a file that is no string, E0606 for an empty selection, E1208 for other rules.
    """
    file = el.evaluate(statement.file, scope)
    if not isinstance(file, str):
        fail("E0604", f"`load` takes the name of a file, not {describe(file)}", statement.file.span)
    rules = [_rule(el.evaluate(rule, scope), rule.span) for rule in statement.rename]
    turned = [_turned(el.evaluate(rule, scope), rule.span) for rule in statement.transpose]
    allowed = [_pattern(el.evaluate(one, scope), one.span) for one in statement.partial or ()]
    return LoadPlan(
        file,
        _chosen(el, statement, scope, list(leaves)),
        _prefix(el, statement, scope),
        tuple(rules),
        tuple(turned),
        None if statement.partial is None else tuple(allowed),
        statement.span,
    )


def _chosen(el: Elaborator, statement: ast.Load, scope: Scope, leaves: list[LeafInfo]) -> tuple[str, ...]:
    """The selected parameters, with the states of the same layers; all leaves of the model without `into`."""
    if not statement.into:
        return tuple(leaf.name for leaf in leaves)
    params = set(select(el, statement.into, scope))
    owners = {leaf.scope for leaf in leaves if leaf.name in params}
    return tuple(
        leaf.name for leaf in leaves if leaf.name in params or (leaf.kind == "state" and leaf.scope in owners)
    )


def _prefix(el: Elaborator, statement: ast.Load, scope: Scope) -> str:
    """The path of the one layer that is loaded into: names in the file may lack it."""
    if len(statement.into) != 1:
        return ""
    value = el.evaluate(statement.into[0], scope)
    return f"{value.instance.path}." if isinstance(value, Built) and value.instance.path else ""


def _rule(value: Value, span: Span) -> tuple[str, str]:
    """A pair of patterns.

    Raises:
        TreadleError: E1208.
    """
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(part, str) for part in value):
        hint = 'write `rename ["old.*", "new.*"]`'
        fail("E1208", f"a rule is a pair of patterns, not {describe(value)}", span, hint=hint)
    old, new = value
    if new.count("*") > old.count("*"):
        fail("E1208", f'"{new}" has more `*` than "{old}"', span)
    return old, new


def _turned(value: Value, span: Span) -> tuple[str, tuple[int, ...]]:
    """A pattern alone, or with the order of the axes in the file.

    Raises:
        TreadleError: E1208.
    """
    if isinstance(value, str):
        return value, ()
    if (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], list)
    ):
        pattern, order = value
        if all(type(axis) is int for axis in order) and sorted(order) == list(range(len(order))) and order:
            return pattern, tuple(order)
    hint = 'write `transpose "fc*.W"`, or with an order of axes `transpose ["conv*.W", [3, 2, 0, 1]]`'
    fail("E1208", f"`transpose` takes patterns of names, not {describe(value)}", span, hint=hint)


def _pattern(value: Value, span: Span) -> str:
    if not isinstance(value, str):
        hint = 'write `partial`, or `partial "head.*"`'
        fail("E1208", f"`partial` takes patterns of names, not {describe(value)}", span, hint=hint)
    return value
