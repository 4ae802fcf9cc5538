"""Layers: the first call builds one, the second applies it; where its weights get their names.

A built layer keeps its identity through `Instance`: applied twice, it shares its weights, and the layers that
its body builds are the same ones again. The other two-call definitions (schedules, initialisers) run the same
way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate import bodies, dims, models, naming
from treadle.frontend.elaborate.arguments import Arguments, bind, bind_parameters, slots_of
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Built, DefinitionValue, Instance, Value
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

MAX_SHOWN = 60


def build(el: Elaborator, origin: DefinitionValue, arguments: Arguments, site: ast.Node) -> Built:
    """The first call: binds the configuration and finds or makes the identity of the layer.

    Raises:
        TreadleError: E03xx when the arguments do not fit the header.
    """
    definition = origin.definition
    params = definition.params if isinstance(definition, ast.Model) else definition.config
    bound = bind(definition.name, slots_of(params), arguments, site.span)
    scope = Scope(origin.scope)
    bind_parameters(el, params, bound, scope, f"`{definition.name}`", site.span)
    text = (
        site.span.text if isinstance(site, ast.Call) and not _is_application(arguments, site) else origin.name
    )
    return Built(origin, dict(scope.names), _identity(el, site), _shortened(text))


def _is_application(arguments: Arguments, site: ast.Call) -> bool:
    return len(site.args) != len(arguments.positional) + len(arguments.named)


def _shortened(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= MAX_SHOWN else one_line[: MAX_SHOWN - 3] + "..."


def _identity(el: Elaborator, site: ast.Node) -> Instance:
    """The instance for the n-th time that this application builds a layer at this place of the text."""
    application = el.application
    count = application.seen.get(id(site), 0)
    application.seen[id(site)] = count + 1
    return application.instance.children.setdefault((id(site), count), Instance())


def apply(el: Elaborator, built: Built, arguments: Arguments, span: Span) -> Value:
    """The second call: runs the body on inputs.

    Raises:
        TreadleError: E0217 when an input does not fit its declared type, E0401 when a condition fails, and
            what the
            body raises.
    """
    definition = built.definition
    if isinstance(definition, ast.Optimizer):
        fail("E0307", f"the optimizer `{built.text}` is applied by training, not called", span)
    with el.budget.call(built.origin.name, span), el.called(built.text, span):
        if isinstance(definition, ast.Model):
            naming.settle(el, built)
            _tell(el, built, span)
            return models.apply(el, built, arguments, span)
        if isinstance(definition, ast.Layer):
            naming.settle(el, built)
            _tell(el, built, span)
            wrap = el.adaptation.next_wrap(built)
            if wrap is not None:
                return el.adaptation.apply(el, wrap, built, arguments)
            with el.applying(built.instance), el.adaptation.running(built):
                return _run(el, built, definition, arguments, span)
        with el.disowning():
            return _run(el, built, definition, arguments, span)


def _tell(el: Elaborator, built: Built, span: Span) -> None:
    if el.watcher is not None and built.instance.path is not None:
        el.watcher.applied(span, built.instance.path, el.leaves)


def _run(el: Elaborator, built: Built, definition: ast.Definition, arguments: Arguments, span: Span) -> Value:
    scope = config_scope(built)
    bound = bind(definition.name, slots_of(definition.inputs), arguments, span)
    bind_parameters(el, definition.inputs, bound, scope, f"`{definition.name}`", span)
    bodies.check_conditions(el, definition.conditions, scope, definition.name, span)
    result = bodies.run(el, definition.body, scope, definition.name, span)
    return dims.check_results(el, definition, result, scope, span)


def config_scope(built: Built) -> Scope:
    """A fresh scope of the definition with its configuration bound."""
    scope = Scope(built.origin.scope)
    scope.names.update(built.config)
    return scope
