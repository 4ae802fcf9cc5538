"""Selections of parameters after `over` and `freeze`: groups, layers, weights, lists, name patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Built, Group, Tensor, Value, describe
from treadle.frontend.result import LeafInfo
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def select(el: Elaborator, exprs: Sequence[ast.Expr], scope: Scope, default: str = "parameters") -> list[str]:
    """The names of the parameters that the expressions select, in order of declaration.

    Raises:
        TreadleError: E0606 when nothing matches.
    """
    params = [leaf for leaf in el.leaves.values() if leaf.kind == "param"]
    if not exprs:
        return [leaf.name for leaf in params if _in_group(leaf, default)]
    chosen: set[str] = set()
    for expr in exprs:
        found = set(_matching(_value(el, expr, scope), params, expr.span))
        if not found:
            fail("E0606", f"no parameter is selected by `{expr.span.text}`", expr.span)
        chosen |= found
    return [leaf.name for leaf in params if leaf.name in chosen]


def _value(el: Elaborator, expr: ast.Expr, scope: Scope) -> Value:
    if isinstance(expr, ast.Name) and scope.find(expr.id) is None:
        hint = did_you_mean(expr.id, scope.visible())
        fail("E0606", f"`{expr.id}` is no layer, parameter or group", expr.span, hint=hint)
    return el.evaluate(expr, scope)


def _in_group(leaf: LeafInfo, group: str) -> bool:
    return group == "parameters" or leaf.role == {"weights": "weight", "biases": "bias"}[group]


def _matching(value: Value, params: Sequence[LeafInfo], span: Span) -> Iterable[str]:
    if isinstance(value, Group):
        return [leaf.name for leaf in params if _in_group(leaf, value.name)]
    if isinstance(value, Built) and value.instance.path is not None:
        path = value.instance.path
        return [
            leaf.name
            for leaf in params
            if leaf.scope == path or leaf.scope.startswith((f"{path}.", f"{path}["))
        ]
    if isinstance(value, Built):
        return []
    if isinstance(value, Tensor) and value.node.op == "param":
        return [value.node.attrs["name"]]
    if isinstance(value, str):
        return [leaf.name for leaf in params if fnmatchcase(leaf.name, value)]
    if isinstance(value, list | tuple):
        found: list[str] = []
        for item in value:
            found.extend(_matching(item, params, span))
        return found
    fail("E0606", f"parameters cannot be selected by {describe(value)}", span)
