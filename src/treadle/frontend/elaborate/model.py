"""Elaborating a model: from its block to a forward graph, the graph of initial values and its leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from treadle.errors import TreadleError, did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import statements
from treadle.frontend.elaborate.arguments import (
    Arguments,
    bind,
    bind_parameters,
    evaluate_arguments,
    slots_of,
)
from treadle.frontend.elaborate.elaborator import Elaborator
from treadle.frontend.elaborate.models import ModelSink
from treadle.frontend.elaborate.modules import Modules
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Silenced
from treadle.frontend.program import Module
from treadle.frontend.result import ModelGraph
from treadle.source import Span
from treadle.types import Dim


@dataclass
class ExpandedModel:
    """A model that was run once: its elaborator can go on with the statements of a training phase."""

    el: Elaborator
    scope: Scope
    sink: ModelSink
    definition: ast.Model | ast.Adapt


def find_model(module: Module, name: str, span: Span) -> tuple[Module, ast.Model | ast.Adapt]:
    """The model called `name` of a file, or of one it uses; `adapt` blocks are models too.

    Raises:
        TreadleError: E0608.
    """
    found = module.find(name)
    if found is not None and isinstance(found[1], ast.Model | ast.Adapt):
        return found[0], found[1]
    models = [block.name for block in module.blocks.values() if isinstance(block, ast.Model | ast.Adapt)]
    hint = did_you_mean(name, models) or f"models here are: {', '.join(models) or 'none'}"
    fail("E0608", f"there is no model `{name}`", span, hint=hint)


def expand(
    module: Module,
    definition: ast.Model | ast.Adapt,
    args: Sequence[ast.Argument],
    span: Span,
    *,
    training: bool,
    salt: str = "",
) -> ExpandedModel:
    """Run a model's body in a graph of its own; mistakes are collected in the elaborator."""
    el = Elaborator(definition.name, training=training, salt=salt)
    modules = Modules(el)
    scope, sink = Scope(modules.scope_of(module)), ModelSink()
    el.sink = sink
    try:
        base, owner, given = _unadapted(el, modules, module, definition, args)
        scope = Scope(modules.scope_of(owner))
        bound = bind(base.name, slots_of(base.params), given, span)
        bind_parameters(el, base.params, bound, scope, f"`{base.name}`", span)
        statements.run_all(el, base.body, scope)
        if not el.diagnostics.has_errors:
            el.adaptation.check_used()
    except TreadleError as error:
        el.report(error)
    except Silenced:
        pass  # its cause has been reported
    return ExpandedModel(el, scope, sink, definition)


def _unadapted(
    el: Elaborator,
    modules: Modules,
    module: Module,
    definition: ast.Model | ast.Adapt,
    args: Sequence[ast.Argument],
) -> tuple[ast.Model, Module, Arguments]:
    """The model below the `adapt` blocks, its file and its arguments; the elaborator gets the rules."""
    outer = modules.scope_of(module)
    given: Arguments = evaluate_arguments(el, args, outer)
    passed: set[int] = set()
    while isinstance(definition, ast.Adapt):
        if id(definition) in passed:
            fail("E1202", f"`{definition.name}` adapts itself", definition.span)
        passed.add(id(definition))
        el.adaptation.add(el, definition, outer)
        own = evaluate_arguments(el, definition.model_args, outer)
        given = Arguments([*own.positional, *given.positional], {**own.named, **given.named})
        module, definition = find_model(module, definition.model.id, definition.model.span)
        outer = modules.scope_of(module)
    return definition, module, given


def model_graph(expanded: ExpandedModel) -> ModelGraph:
    """The result of expanding a model."""
    el, sink = expanded.el, expanded.sink
    return ModelGraph(
        name=expanded.definition.name,
        graph=el.root.graph,
        init=el.init.graph,
        leaves=dict(el.leaves),
        inputs=tuple(sink.inputs),
        targets=tuple(sink.targets),
        batch=_batch_symbol(expanded),
    )


def _batch_symbol(expanded: ExpandedModel) -> str | None:
    """The leading symbol of the first input that has one."""
    graph = expanded.el.root.graph
    for name in expanded.sink.inputs:
        shape = graph.inputs[name].type.shape
        if shape and isinstance(shape[0], Dim):
            return min(shape[0].symbols)
    return None
