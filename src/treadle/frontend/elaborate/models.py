"""Models: the statements that only a model has, and a model applied like a layer.

At the top, inputs become inputs of the graph, and losses, metrics and outputs its named ends. Applied inside
another model, inputs are given, outputs are the results, and losses and metrics stay away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate import convert, dims, statements
from treadle.frontend.elaborate.arguments import Arguments, Given, Slot, bind
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import ERROR, Built, Tensor, Value
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


class ModelSink:
    """What a model's own statements mean at the top: named ends of the root graph."""

    def __init__(self) -> None:
        self.inputs: list[str] = []
        self.targets: list[str] = []
        self.losses: list[Tensor] = []
        self.failed = False

    def input(self, el: Elaborator, statement: ast.Input, scope: Scope) -> None:
        """`input x: T`."""
        self._declare(el, statement, scope)
        self.inputs.append(statement.name)

    def target(self, el: Elaborator, statement: ast.Target, scope: Scope) -> None:
        """`target y: T`."""
        self._declare(el, statement, scope)
        self.targets.append(statement.name)

    def _declare(self, el: Elaborator, statement: ast.Input | ast.Target, scope: Scope) -> None:
        name = statement.name
        if name in el.root.graph.inputs:
            fail("E0302", f"the input `{name}` is declared twice", statement.span)
        type_ = dims.resolve(el, statement.type, scope, fresh=True, what=f"input `{name}`")
        with el.root.builder.at(statement.span, ""):
            scope.bind(name, el.root.tensor(el.root.builder.input(name, type_)))
        scope.axes[name] = dims.axis_names(statement.type, type_.rank)

    def output(self, el: Elaborator, statement: ast.Output, scope: Scope) -> None:
        """`output [name =] value`."""
        value = el.evaluate(statement.value, scope)
        name = statement.name or end_name(statement.value, "output")
        if statement.name:
            scope.bind(statement.name, value)
        parts = value if isinstance(value, tuple) else (value,)
        for number, part in enumerate(parts):
            suffix = f"_{number}" if len(parts) > 1 else ""
            tensor = convert.to_tensor(el, part, statement.value.span)
            _add_end(el, f"output:{name}{suffix}", tensor, statement.span)

    def loss(self, el: Elaborator, statement: ast.Loss, scope: Scope) -> None:
        """`loss [name =] value [weight w]`: the objective is the weighted sum of all losses."""
        value = scalar(el, el.evaluate(statement.value, scope), "the loss", statement.value.span)
        name = statement.name or (end_name(statement.value, "loss") if self.losses else None)
        if statement.name:
            scope.bind(statement.name, value)
        if name is not None:
            _add_end(el, f"loss:{name}", value, statement.span)
        with el.at(statement.span):
            if statement.weight is not None:
                weight = convert.to_tensor(
                    el, el.evaluate(statement.weight, scope), statement.span, value.dtype
                )
                value = el.op("mul", value, weight)
            self.losses.append(value)
            total = self.losses[0]
            for other in self.losses[1:]:
                total = el.op("add", total, other)
        el.root.graph.outputs["loss"] = total.node

    def metric(self, el: Elaborator, statement: ast.Metric, scope: Scope) -> None:
        """`metric [name =] value`."""
        value = scalar(el, el.evaluate(statement.value, scope), "a metric", statement.value.span)
        name = statement.name or end_name(statement.value, "metric")
        if statement.name:
            scope.bind(statement.name, value)
        _add_end(el, f"metric:{name}", value, statement.span)


class AppliedSink:
    """What a model's statements mean when it is applied like a layer."""

    def __init__(self, inputs: dict[str, Given]) -> None:
        self.inputs = inputs
        self.outputs: list[Value] = []

    def input(self, el: Elaborator, statement: ast.Input, scope: Scope) -> None:
        """The given tensor, checked against the declared type."""
        given = self.inputs[statement.name]
        scope.bind(statement.name, given.value)
        dims.bind_inputs(el, [(statement.name, statement.type, given.span)], scope, "the model")

    def target(self, _el: Elaborator, statement: ast.Target, scope: Scope) -> None:
        """There is none: what depends on it is left out."""
        scope.bind(statement.name, ERROR)

    def output(self, el: Elaborator, statement: ast.Output, scope: Scope) -> None:
        """One more result."""
        value = el.evaluate(statement.value, scope)
        if statement.name:
            scope.bind(statement.name, value)
        self.outputs.append(value)

    def loss(self, _el: Elaborator, _statement: ast.Loss, _scope: Scope) -> None:
        """Left out."""

    def metric(self, _el: Elaborator, _statement: ast.Metric, _scope: Scope) -> None:
        """Left out."""


def apply(el: Elaborator, built: Built, arguments: Arguments, span: Span) -> Value:
    """A model applied like a layer: its outputs, in order.

    Raises:
        TreadleError: E0409 if it has none, E03xx and E0217 for its inputs.
    """
    definition = built.definition
    assert isinstance(definition, ast.Model)  # noqa: S101 - the caller has looked
    names = [s.name for s in definition.body if isinstance(s, ast.Input)]
    inputs = bind(definition.name, [Slot(name, True) for name in names], arguments, span)
    scope = Scope(built.origin.scope)
    scope.names.update(built.config)
    sink = AppliedSink(inputs)
    before, el.sink = el.sink, sink
    try:
        with el.applying(built.instance):
            statements.run_all(el, definition.body, scope)
    finally:
        el.sink = before
    if not sink.outputs:
        fail("E0409", f"the model `{definition.name}` declares no output", span)
    return sink.outputs[0] if len(sink.outputs) == 1 else tuple(sink.outputs)


def scalar(el: Elaborator, value: Value, what: str, span: Span) -> Tensor:
    """`value` as one float number.

    Raises:
        TreadleError: E0611.
    """
    tensor = convert.to_tensor(el, value, span)
    if tensor.rank != 0:
        fail("E0611", f"{what} has the type {tensor.type}", span, hint="average it: `mean(...)`")
    with el.at(span):
        return tensor if tensor.dtype.is_float else convert.cast(el, tensor, convert.DEFAULT)


def end_name(expr: ast.Expr, default: str) -> str:
    """The name of a loss, metric or output without one: that of the function or name it is written with."""
    if isinstance(expr, ast.Name):
        return expr.id
    if isinstance(expr, ast.Pipe):
        return end_name(expr.target, default)
    while isinstance(expr, ast.Call):
        expr = expr.callee
    return expr.id if isinstance(expr, ast.Name) else default


def _add_end(el: Elaborator, name: str, tensor: Tensor, span: Span) -> None:
    """Name a result of the root graph.

    Raises:
        TreadleError: E0302 if the name is taken.
    """
    outputs = el.root.graph.outputs
    if name in outputs:
        kind, _, own = name.partition(":")
        fail("E0302", f"the {kind} `{own}` is declared twice", span, hint=f"name it: `{kind} other = ...`")
    outputs[name] = tensor.node
