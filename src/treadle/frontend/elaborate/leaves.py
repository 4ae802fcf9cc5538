"""Leaves: parameters and states, their initial values and the updates of states.

Initial values are computed by a graph of their own (`Elaborator.init`), with one random stream per leaf, so
that adding a layer does not change the initial weights of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import Label, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import arguments, convert, dims
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import (
    Built,
    Builtin,
    DefinitionValue,
    FnValue,
    Tensor,
    Value,
    describe,
    is_number,
)
from treadle.frontend.result import LeafInfo, Role
from treadle.source import Span
from treadle.types import TensorType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def declare_param(el: Elaborator, statement: ast.Param, scope: Scope) -> None:
    """`param W: [I, units] = init`: a new parameter, or the one of an earlier application of the same layer.

    Raises:
        TreadleError: E0501, E0302, E0509, E0510, E0216, E0503.
    """
    what = f"parameter `{statement.name}`"
    path = _claim(el, statement.name, what, statement.span)
    type_ = dims.resolve(el, statement.type, scope, fresh=False, what=what)
    if not type_.dtype.is_float:
        fail("E0510", f"{what} is {type_.dtype}", statement.type.span, hint="declare it with `state`")
    if path in el.leaves:
        _check_shared(el, path, type_, statement.span)
    else:
        _check_fixed(what, type_, statement.type.span)
        if statement.init is None:
            fail("E0503", f"{what} has no initial value", statement.span, hint="write `= glorot_uniform`")
        initial = evaluate_initial(el, statement.init, type_, path, scope)
        role: Role = "weight" if type_.rank >= 2 else "bias"
        owner, trained = el.application.instance.path or "", not el.adaptation.freezes(path)
        add_leaf(el, LeafInfo(path, type_, "param", owner, statement.span, trained, role))
        el.init.graph.outputs[path] = initial.node
    el.application.instance.leaves[statement.name] = path
    scope.bind(statement.name, el.root.tensor(el.root.graph.params[path]))


def declare_state(el: Elaborator, statement: ast.State, scope: Scope) -> None:
    """`state m: [C] = zeros`: a kept tensor; its value is that of the latest update in this step.

    Raises:
        TreadleError: E0501, E0302, E0509, E0503.
    """
    what = f"state `{statement.name}`"
    application = el.application
    path = _claim(el, statement.name, what, statement.span)
    if application.state_path is not None:
        path = application.state_path(statement.name, isinstance(statement.init, ast.Literal))
    if path not in el.leaves:
        initial = initial_state(el, statement, path, scope, what)
        scope_path = el.application.instance.path or ""
        add_leaf(el, LeafInfo(path, initial.type, "state", scope_path, statement.span, False, "other"))
        el.init.graph.outputs[path] = initial.node
    elif statement.type is not None:
        type_ = dims.resolve(el, statement.type, scope, fresh=False, what=what)
        _check_shared(el, path, type_, statement.span)
    application.instance.leaves[statement.name] = path
    application.states[statement.name] = path
    current = el.root.graph.states[path]
    if application.state_path is None:
        current = el.root.graph.updates.get(path, current)
    scope.bind(statement.name, el.root.tensor(current))


def initial_state(el: Elaborator, statement: ast.State, path: str, scope: Scope, what: str) -> Tensor:
    """The initial value of a state, in the graph of initial values."""
    if statement.type is None:
        return evaluate_initial(el, statement.init, None, path, scope)
    type_ = dims.resolve(el, statement.type, scope, fresh=False, what=what)
    _check_fixed(what, type_, statement.type.span)
    return evaluate_initial(el, statement.init, type_, path, scope)


def add_leaf(el: Elaborator, leaf: LeafInfo) -> None:
    """Make a leaf of the root graph."""
    el.budget.leaf(leaf.name, leaf.type, leaf.span)
    el.leaves[leaf.name] = leaf
    with el.root.builder.at(el.placed(leaf.span), leaf.scope):
        make = el.root.builder.param if leaf.kind == "param" else el.root.builder.state
        make(leaf.name, leaf.type)


def update(el: Elaborator, statement: ast.Update, scope: Scope) -> None:
    """`m <- value`: what the state is after the step, and from here on in this body.

    Raises:
        TreadleError: E0502 if it is no state or stands in a scan, E0504 if it was updated already, E0503 for
            a value
            of another type.
    """
    name = statement.target.id
    path = el.application.states.get(name)
    if path is None:
        hint = "inside a body, write `=`; to keep a value from step to step, declare it with `state`"
        fail("E0502", f"`{name}` is no state of this layer", statement.target.span, hint=hint)
    if el.trace is not el.root:
        hint = "carry the value through the scan (`with`), and update the state after it"
        fail("E0502", f"the state `{name}` cannot be updated inside a scan", statement.span, hint=hint)
    if name in el.application.updated:
        fail("E0504", f"`{name}` is updated twice", statement.span)
    value = el.evaluate(statement.value, scope)
    with el.at(statement.span):
        fitted = fit(el, value, el.leaves[path].type, f"`{name}`", statement.value.span)
    _check_common(el, name, path, fitted, statement.span)
    el.application.updated.add(name)
    el.root.graph.updates[path] = fitted.node
    scope.bind(name, fitted)


def _check_common(el: Elaborator, name: str, path: str, value: Tensor, span: Span) -> None:
    """A state that all parameters of an optimizer share has one next value."""
    if el.application.state_path is not None and el.leaves[path].kind == "state":
        earlier = el.root.graph.updates.get(path, value.node)
        if earlier is not value.node:
            hint = "start it from a tensor to have one for each parameter: `full([], 0)`"
            fail("E0504", f"`{name}` starts from a number, so all parameters share it", span, hint=hint)


def evaluate_initial(
    el: Elaborator, expr: ast.Expr, type_: TensorType | None, path: str, scope: Scope
) -> Tensor:
    """The initial value of a leaf, computed apart; without `type_`, of the value's own type."""
    with el.inside(el.init), el.drawing(path), el.at(expr.span):
        value = el.evaluate(expr, scope)
        if type_ is None:
            return _untyped_initial(el, value, expr.span)
        return fit(el, _at_shape(el, value, type_, expr), type_, f"the initial value of `{path}`", expr.span)


def _untyped_initial(el: Elaborator, value: Value, span: Span) -> Tensor:
    tensor = convert.to_tensor(el, value, span, convert.DEFAULT if is_number(value) else None)
    _check_fixed("a state", tensor.type, span)
    return Tensor(el.trace.adopt(tensor, span), el.trace)


def _at_shape(el: Elaborator, value: Value, type_: TensorType, expr: ast.Expr) -> Value:
    """Calls an initialiser with the declared shape; other values are returned as they are."""
    shape = arguments.Arguments([arguments.Given(list(type_.shape), expr.span)], {})
    if isinstance(value, DefinitionValue) and isinstance(value.definition, ast.Init):
        value = el.call(value, arguments.Arguments([], {}), expr)
    if isinstance(value, FnValue | Builtin):
        return el.call(value, shape, expr)
    if isinstance(value, Built) and isinstance(value.definition, ast.Init):
        return el.call(value, shape, expr)
    return value


def fit(el: Elaborator, value: Value, type_: TensorType, what: str, span: Span) -> Tensor:
    """`value` as a tensor of exactly this type; scalars are spread over the shape.

    Raises:
        TreadleError: E0503.
    """
    if not (isinstance(value, Tensor | list | bool) or is_number(value)):
        fail("E0503", f"{what} must be a number, a tensor or an initialiser, not {describe(value)}", span)
    tensor = convert.to_tensor(el, value, span, type_.dtype)
    tensor = Tensor(el.trace.adopt(tensor, span), el.trace)
    if tensor.shape == type_.shape:
        return tensor
    if tensor.rank == 0:
        return el.op("broadcast_to", tensor, shape=type_.shape)
    fail("E0503", f"{what} is declared {type_}, but the value is {tensor.type}", span)


def _claim(el: Elaborator, name: str, what: str, span: Span) -> str:
    """The path of a leaf declared here."""
    application = el.application
    if not application.owns:
        fail("E0501", f"{what} is declared in a function or a scan, which own nothing", span)
    if name in application.declared:
        hint = "build a layer for each repetition: its weights are its own"
        fail("E0302", f"{what} is declared twice in one layer", span, hint=hint)
    application.declared.add(name)
    prefix = application.instance.path
    return f"{prefix}.{name}" if prefix else name


def _check_fixed(what: str, type_: TensorType, span: Span) -> None:
    if type_.symbols:
        names = ", ".join(f"`{name}`" for name in sorted(type_.symbols))
        hint = "its size must be the same for all batches: give the axis a number in the model's `input`"
        fail(
            "E0216", f"{what} would have the shape {type_}, but {names} is not a fixed size", span, hint=hint
        )
    if 0 in type_.shape:
        fail("E0413", f"{what} would have the shape {type_}: nothing to keep", span)


def _check_shared(el: Elaborator, path: str, type_: TensorType, span: Span) -> None:
    first = el.leaves[path]
    if first.type != type_:
        label = Label(first.span, f"first built as {first.type}")
        fail("E0509", f"`{path}` is shared, but would be {type_} here", span, labels=[label])
