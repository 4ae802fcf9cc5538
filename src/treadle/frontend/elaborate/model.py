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
    definition: ast.Model


def find_model(module: Module, name: str, span: Span) -> tuple[Module, ast.Model]:
    """The model called `name` of a file, or of one it uses.

    Raises:
        TreadleError: E0608.
    """
    found = module.find(name)
    if found is not None and isinstance(found[1], ast.Model):
        return found[0], found[1]
    models = [block.name for block in module.blocks.values() if isinstance(block, ast.Model)]
    hint = did_you_mean(name, models) or f"models here are: {', '.join(models) or 'none'}"
    fail("E0608", f"there is no model `{name}`", span, hint=hint)


def expand(
    module: Module,
    definition: ast.Model,
    args: Sequence[ast.Argument],
    span: Span,
    *,
    training: bool,
    salt: str = "",
) -> ExpandedModel:
    """Run a model's body in a graph of its own; mistakes are collected in the elaborator."""
    el = Elaborator(definition.name, training=training, salt=salt)
    modules = Modules(el)
    outer = modules.scope_of(module)
    scope = Scope(outer)
    sink = ModelSink()
    el.sink = sink
    try:
        given: Arguments = evaluate_arguments(el, args, outer)
        bound = bind(definition.name, slots_of(definition.params), given, span)
        bind_parameters(el, definition.params, bound, scope, f"`{definition.name}`", span)
        statements.run_all(el, definition.body, scope)
    except TreadleError as error:
        el.report(error)
    except Silenced:
        pass  # its cause has been reported
    return ExpandedModel(el, scope, sink, definition)


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
