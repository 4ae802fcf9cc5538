"""Statements: running a body, one handler per syntax node, going on after a failed statement.

A failed statement is reported and the names it would have bound get the value `error`, the use of which is
silent; so a person sees several independent mistakes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import leaves, naming, operators
from treadle.frontend.elaborate.budget import FATAL
from treadle.frontend.elaborate.loops import bind_targets, iterate, looping
from treadle.frontend.elaborate.scope import Scope, names_of
from treadle.frontend.elaborate.values import ERROR, NONE, Silenced, Tensor, Value, show
from treadle.frontend.elaborate.watch import Watcher

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_GIVING = (ast.Input, ast.Target, ast.Param, ast.State, ast.Const, ast.Output, ast.Loss, ast.Metric)
NO_RESULT = object()  # the body, or this statement, ended without a value

Statements = Sequence[ast.BlockItem]


def run_all(el: Elaborator, body: Statements, scope: Scope) -> Value:
    """Run statements in order up to a `return`.

    Output: the returned value, the value of an expression that ends the body, or `NO_RESULT`.

    Raises:
        Silenced: if no result can be had, or no more mistakes would be shown.
        TreadleError: when a limit was exceeded.
    """
    reports = el.reports
    for number, statement in enumerate(body):
        result = run(el, statement, scope)
        if el.reports > reports and el.diagnostics.full:
            raise Silenced
        if isinstance(statement, ast.Return):
            _check_reachable(el, body[number + 1 :])
            return result
        if isinstance(statement, ast.ExprStatement):
            if statement is body[-1] and result is not NONE:
                return result
        elif result is not NO_RESULT:
            return result
    return NO_RESULT


def run(el: Elaborator, statement: ast.BlockItem, scope: Scope) -> Value:
    """Run one statement; its failure is reported, and is an exception only where a result is needed.

    Raises:
        Silenced: if a `return` or a final expression failed.
        TreadleError: when a limit was exceeded.
    """
    el.budget.step(statement.span)
    try:
        result = HANDLERS[type(statement)](el, statement, scope)
        if el.watcher is not None:
            _tell(el.watcher, statement, scope)
        return result
    except Silenced:
        return _poison(statement, scope)
    except TreadleError as error:
        if any(found.code in FATAL for found in error.diagnostics):
            raise el.located(error) from None
        el.report(error)
        return _poison(statement, scope)


def _tell(watcher: Watcher, statement: ast.BlockItem, scope: Scope) -> None:
    """Tell what the names are that a statement gives."""
    if isinstance(statement, ast.Assign | ast.For):
        for target in statement.targets:
            if target.id in scope.names:
                watcher.value(target.span, scope.names[target.id])
    elif isinstance(statement, _GIVING) and statement.name in scope.names:
        watcher.value(statement.span, scope.names[statement.name])


def _poison(statement: ast.BlockItem, scope: Scope) -> Value:
    if isinstance(statement, ast.Return | ast.ExprStatement):
        for name in bound_names(statement):
            scope.bind(name, ERROR)
        raise Silenced
    for name in bound_names(statement):
        scope.bind(name, ERROR)
    return NO_RESULT


def bound_names(statement: ast.Node) -> Iterator[str]:
    """The names that a statement binds, those inside its branches and scans included."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            yield from names_of(node.targets)
        elif isinstance(node, ast.Output):
            yield from [] if node.name is None else [node.name]
        elif isinstance(node, ast.Input | ast.Target | ast.Param | ast.State | ast.Const | ast.Carry):
            yield node.name


def _check_reachable(el: Elaborator, rest: Statements) -> None:
    if rest:
        try:
            fail("E0412", "this statement stands after `return`", rest[0].span)
        except TreadleError as error:
            el.report(error)


def _assign(el: Elaborator, statement: ast.Assign, scope: Scope) -> Value:
    value = el.evaluate(statement.value, scope)
    names = names_of(statement.targets)
    bind_targets(scope, names, value, statement.span)
    for name in names:
        naming.name_value(el, name, scope.names[name])
    return NO_RESULT


def _const(el: Elaborator, statement: ast.Const, scope: Scope) -> Value:
    value = el.evaluate(statement.value, scope)
    if isinstance(value, Tensor):
        fail("E0403", f"`{statement.name}` is computed by the network: a const is not", statement.value.span)
    scope.bind(statement.name, value)
    return NO_RESULT


def _param(el: Elaborator, statement: ast.Param, scope: Scope) -> Value:
    leaves.declare_param(el, statement, scope)
    return NO_RESULT


def _state(el: Elaborator, statement: ast.State, scope: Scope) -> Value:
    leaves.declare_state(el, statement, scope)
    return NO_RESULT


def _update(el: Elaborator, statement: ast.Update, scope: Scope) -> Value:
    in_layer = bool(el.application.instance.path)
    own = None if in_layer else getattr(el.sink, "update", None)  # a generate block updates inputs
    (own or leaves.update)(el, statement, scope)
    return NO_RESULT


def _return(el: Elaborator, statement: ast.Return, scope: Scope) -> Value:
    return _values(el, statement.values, scope)


def _yield(el: Elaborator, statement: ast.Yield, scope: Scope) -> Value:
    if el.yields is None:
        fail("E0511", "`yield` stands outside a scan", statement.span)
    if el.yields:
        fail("E0511", "a second `yield` in one step of a scan", statement.span, hint="yield a, b")
    value = _values(el, statement.values, scope)
    el.yields.extend(value if isinstance(value, tuple) else (value,))
    return NO_RESULT


def _values(el: Elaborator, exprs: tuple[ast.Expr, ...], scope: Scope) -> Value:
    values = [el.evaluate(expr, scope) for expr in exprs]
    return values[0] if len(values) == 1 else tuple(values)


def _for(el: Elaborator, statement: ast.For, scope: Scope) -> Value:
    names = names_of(statement.targets)
    reports = el.reports
    for number, item in enumerate(iterate(el.evaluate(statement.iterable, scope), statement.iterable.span)):
        bind_targets(scope, names, item, statement.span)
        text = f"loop {', '.join(names)} = {show(item)}"
        with looping(el, number), el.called(text, statement.span):
            result = run_all(el, statement.body, scope)
        if result is not NO_RESULT:
            return result
        if el.reports > reports:
            break  # the other iterations would repeat the mistake
    return NO_RESULT


def _if(el: Elaborator, statement: ast.If, scope: Scope) -> Value:
    condition = el.evaluate(statement.condition, scope)
    chosen = operators.condition(condition, statement.condition.span)
    return run_all(el, statement.then if chosen else statement.otherwise, scope)


def _require(el: Elaborator, statement: ast.Require, scope: Scope) -> Value:
    value = el.evaluate(statement.condition, scope)
    if not operators.condition(value, statement.condition.span):
        fail("E0402", statement.message, statement.span)
    return NO_RESULT


def _expression(el: Elaborator, statement: ast.ExprStatement, scope: Scope) -> Value:
    return el.evaluate(statement.value, scope)


def _to_sink(name: str) -> Callable[[Elaborator, Any, Scope], Value]:
    """A handler for statements that only some bodies have: the body's sink knows what they mean."""

    def handle(el: Elaborator, statement: Any, scope: Scope) -> Value:
        method = getattr(el.sink, name, None)
        if method is None:
            fail("E0113", f"`{name}` has no place in this block", statement.span)
        method(el, statement, scope)
        return NO_RESULT

    return handle


HANDLERS: dict[type, Callable[[Elaborator, Any, Scope], Value]] = {
    ast.Assign: _assign,
    ast.Const: _const,
    ast.Param: _param,
    ast.State: _state,
    ast.Update: _update,
    ast.Return: _return,
    ast.Yield: _yield,
    ast.For: _for,
    ast.If: _if,
    ast.Require: _require,
    ast.ExprStatement: _expression,
    ast.Input: _to_sink("input"),
    ast.Target: _to_sink("target"),
    ast.Output: _to_sink("output"),
    ast.Loss: _to_sink("loss"),
    ast.Metric: _to_sink("metric"),
    ast.Minimize: _to_sink("minimize"),
    ast.Setting: _to_sink("setting"),
    ast.Load: _to_sink("load"),
    ast.Wrap: _to_sink("wrap"),
}
