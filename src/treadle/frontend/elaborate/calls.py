"""Calls: what happens when each kind of value is called.

The first call of a layer (optimizer, schedule, initialiser) builds it, the second applies it; functions run
at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate import bodies, dims, layers
from treadle.frontend.elaborate.arguments import Arguments, Slot, bind, bind_parameters, slots_of
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import (
    Built,
    Builtin,
    DefinitionValue,
    FnValue,
    Tensor,
    Value,
    describe,
)
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def is_function(value: Value) -> bool:
    """Whether a pipe puts its value in front of the arguments of a call of `value`."""
    return isinstance(value, FnValue | Builtin)


def call(el: Elaborator, callee: Value, arguments: Arguments, site: ast.Node) -> Value:
    """The result of calling `callee`; `site` is the call in the text.

    Raises:
        TreadleError: E0307 if it cannot be called, E03xx for its arguments, and what its body raises.
    """
    if isinstance(callee, Builtin):
        return _call_builtin(el, callee, arguments, site.span)
    if isinstance(callee, FnValue):
        return call_function(el, callee, arguments, site.span)
    if isinstance(callee, DefinitionValue):
        if _starts_with_tensor(callee, arguments):
            built = layers.build(el, callee, Arguments([], {}), site)
            return layers.apply(el, built, arguments, site.span)
        return layers.build(el, callee, arguments, site)
    if isinstance(callee, Built):
        return layers.apply(el, callee, arguments, site.span)
    hint = "write `*` to multiply, `[...]` to index" if isinstance(callee, Tensor) else None
    fail("E0307", f"{describe(callee)} cannot be called", site.span, hint=hint)


def _starts_with_tensor(callee: DefinitionValue, arguments: Arguments) -> bool:
    """Whether a layer is applied without a first call, as in `x |> batch_norm`."""
    applies = isinstance(callee.definition, ast.Layer | ast.Model)
    return applies and bool(arguments.positional) and isinstance(arguments.positional[0].value, Tensor)


def _call_builtin(el: Elaborator, callee: Builtin, arguments: Arguments, span: Span) -> Value:
    slots = [Slot(param.name, param.required) for param in callee.params]
    if not callee.variadic:
        bound = bind(callee.name, slots, arguments, span)
        return callee.run(el, **{key: given.value for key, given in bound.items()})
    named = bind(callee.name, slots, Arguments([], arguments.named), span)
    values = [given.value for given in arguments.positional]
    return callee.run(el, *values, **{key: given.value for key, given in named.items()})


def call_function(el: Elaborator, fn: FnValue, arguments: Arguments, span: Span) -> Value:
    """Run a function of the language."""
    bound = bind(fn.name, slots_of(fn.params), arguments, span)
    scope = Scope(fn.scope)
    with el.budget.call(fn.name, span), el.called(f"{fn.name}(...)", span):
        bind_parameters(el, fn.params, bound, scope, f"`{fn.name}`", span)
        if not isinstance(fn.body, tuple):
            return el.evaluate(fn.body, scope)
        definition = fn.definition
        if definition is not None:
            bodies.check_conditions(el, definition.conditions, scope, fn.name, span)
        with el.disowning():
            result = bodies.run(el, fn.body, scope, fn.name, span)
        return result if definition is None else dims.check_results(el, definition, result, scope, span)
