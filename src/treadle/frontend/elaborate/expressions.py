"""Expressions: what each one means, one handler per syntax node.

Input: an expression and a scope. Output: a value. Compile-time parts are computed, tensor parts become nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import calls, indexing, operators, scan
from treadle.frontend.elaborate.arguments import Arguments, Given, evaluate_arguments
from treadle.frontend.elaborate.budget import check_length
from treadle.frontend.elaborate.loops import bind_targets, iterate, looping
from treadle.frontend.elaborate.scope import Scope, names_of
from treadle.frontend.elaborate.values import (
    Built,
    FnValue,
    Namespace,
    ScanIndex,
    Silenced,
    Tensor,
    Value,
    describe,
)
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def _literal(_el: Elaborator, expr: ast.Literal, _scope: Scope) -> Value:
    return expr.value


def _name(_el: Elaborator, expr: ast.Name, scope: Scope) -> Value:
    return scope.lookup(expr.id, expr.span)


def _unary(el: Elaborator, expr: ast.Unary, scope: Scope) -> Value:
    value = el.evaluate(expr.operand, scope)
    with el.at(expr.span):
        return operators.unary(el, expr.op, value, expr.span)


def _binary(el: Elaborator, expr: ast.Binary, scope: Scope) -> Value:
    left = el.evaluate(expr.left, scope)
    if expr.op in operators.LOGIC and isinstance(left, bool) and left == (expr.op == "or"):
        return left
    right = el.evaluate(expr.right, scope)
    with el.at(expr.span):
        return operators.binary(el, expr.op, left, right, expr.span)


def _conditional(el: Elaborator, expr: ast.Conditional, scope: Scope) -> Value:
    chosen = operators.condition(el.evaluate(expr.condition, scope), expr.condition.span)
    return el.evaluate(expr.then if chosen else expr.otherwise, scope)


def _call(el: Elaborator, expr: ast.Call, scope: Scope) -> Value:
    callee = el.evaluate(expr.callee, scope)
    arguments = evaluate_arguments(el, expr.args, scope)
    with el.at(expr.span):
        return calls.call(el, callee, arguments, expr)


def _pipe(el: Elaborator, expr: ast.Pipe, scope: Scope) -> Value:
    """`x |> f(a)` is `f(x, a)` for functions and `f(a)(x)` for layers; `x |> f` is `f(x)`."""
    value = el.evaluate(expr.value, scope)
    parts = [Given(part, expr.value.span) for part in (value if isinstance(value, tuple) else (value,))]
    target = expr.target
    if isinstance(target, ast.Call):
        callee = el.evaluate(target.callee, scope)
        arguments = evaluate_arguments(el, target.args, scope)
        with el.at(target.span):
            if calls.is_function(callee):
                return calls.call(el, callee, arguments.after(parts), target)
            layer = calls.call(el, callee, arguments, target)
            return calls.call(el, layer, Arguments(parts, {}), target)
    callee = el.evaluate(target, scope)
    with el.at(target.span):
        return calls.call(el, callee, Arguments(parts, {}), target)


def _index(el: Elaborator, expr: ast.Index, scope: Scope) -> Value:
    value = el.evaluate(expr.value, scope)
    items = [indexing.evaluate_item(el, item, scope) for item in expr.items]
    with el.at(expr.span):
        return indexing.index(el, value, items, expr)


def _attribute(el: Elaborator, expr: ast.Attribute, scope: Scope) -> Value:
    value = el.evaluate(expr.value, scope)
    with el.at(expr.span):
        return attribute(el, value, expr.name, expr.span)


def _list(el: Elaborator, expr: ast.List, scope: Scope) -> Value:
    return [el.evaluate(item, scope) for item in expr.items]


def _tuple(el: Elaborator, expr: ast.Tuple, scope: Scope) -> Value:
    return tuple([el.evaluate(item, scope) for item in expr.items])


def _comprehension(el: Elaborator, expr: ast.Comprehension, scope: Scope) -> Value:
    inner = Scope(scope)
    result: list[Value] = []
    for number, item in enumerate(iterate(el.evaluate(expr.iterable, scope), expr.iterable.span)):
        bind_targets(inner, names_of(expr.targets), item, expr.span)
        with looping(el, number):
            if expr.condition is not None:
                keep = el.evaluate(expr.condition, inner)
                if not operators.condition(keep, expr.condition.span):
                    continue
            result.append(el.evaluate(expr.element, inner))
            check_length(len(result), expr.span)
    return result


def _lambda(_el: Elaborator, expr: ast.Lambda, scope: Scope) -> Value:
    return FnValue("fn", expr.params, expr.body, scope)


HANDLERS: dict[type, Callable[[Any, Any, Scope], Value]] = {
    ast.Literal: _literal,
    ast.Name: _name,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Pipe: _pipe,
    ast.Conditional: _conditional,
    ast.Call: _call,
    ast.Index: _index,
    ast.Attribute: _attribute,
    ast.List: _list,
    ast.Comprehension: _comprehension,
    ast.Tuple: _tuple,
    ast.Lambda: _lambda,
    ast.Scan: scan.evaluate,
}


def attribute(el: Elaborator, value: Value, name: str, span: Span) -> Value:
    """`value.name`: a weight of a layer, a member of a namespace, a property of a tensor.

    Raises:
        TreadleError: E0309 with the nearest existing name.
        Silenced: for a column of a file that has not been read.
    """
    if isinstance(value, ScanIndex):
        value = value.position()
    members: dict[str, Callable[[], Value]] = {}
    if isinstance(value, Namespace):
        if value.members is None:
            raise Silenced(name)
        members = _constant_members(value.members)
    elif isinstance(value, Tensor):
        members = _tensor_members(el, value)
    elif isinstance(value, Built):
        members = {**_constant_members(value.config), **_weights(el, value)}
    if name not in members:
        hint = did_you_mean(name, members) or _listing(members)
        if isinstance(value, Built) and value.instance.path is None:
            hint = f"`{value.text}` owns nothing before it is applied"
        fail("E0309", f"{describe(value)} has no `{name}`", span, hint=hint)
    return members[name]()


def _listing(members: Mapping[str, object]) -> str | None:
    return f"it has: {', '.join(list(members)[:12])}" if members else None


def _tensor_members(el: Elaborator, value: Tensor) -> dict[str, Callable[[], Value]]:
    return {
        "shape": lambda: list(value.shape),
        "rank": lambda: value.rank,
        "size": lambda: value.type.size,
        "dtype": lambda: value.dtype,
        "T": lambda: indexing.swap_last(el, value),
    }


def _constant_members(members: Mapping[str, Value]) -> dict[str, Callable[[], Value]]:
    return {name: partial(members.__getitem__, name) for name in members}


def _weights(el: Elaborator, value: Built) -> dict[str, Callable[[], Value]]:
    leaves = el.root.graph.leaves()
    own = {name: el.root.tensor(leaves[path]) for name, path in value.instance.leaves.items()}
    return _constant_members(own)
