"""From a loss to updates: gradients, decay, clipping, and one run of the optimizer's body per parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate import convert, leaves, operators, settings, statements
from treadle.frontend.elaborate.arguments import Arguments, Given
from treadle.frontend.elaborate.loss_scaling import LossScaling
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.selectors import select
from treadle.frontend.elaborate.values import Built, DefinitionValue, Instance, Tensor, Value, describe
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True)
class Objective:
    """One number to make smaller, what to change for it, and how; `by_param` goes before `optimizer`."""

    loss: Tensor
    params: Sequence[str]
    optimizer: Value
    span: Span
    by_param: Mapping[str, Value] = field(default_factory=dict)


class Optimisation:
    """The part of a training step after the loss, for one phase.

    `prefix` stands before the names of optimizer states where several phases would otherwise share them.
    """

    def __init__(self, el: Elaborator, chosen: settings.Settings, scope: Scope, prefix: str) -> None:
        self.el = el
        self.settings = chosen
        self.scope = scope
        self.prefix = prefix
        self.frozen = self._frozen()
        self.rates = self._rates()

    def _frozen(self) -> set[str]:
        params = [leaf for leaf in self.el.leaves.values() if leaf.kind == "param"]
        frozen = {leaf.name for leaf in params if not leaf.trainable}
        for setting in self.settings.all("freeze"):
            frozen.update(select(self.el, [*setting.values, *setting.over], self.scope))
        return frozen

    def _rates(self) -> dict[str, Value]:
        rates: dict[str, Value] = {}
        for setting in self.settings.all("rate"):
            factor = self.el.evaluate(settings.single(setting), self.scope)
            for name in select(self.el, setting.over, self.scope):
                if name in rates:
                    fail("E0615", f"two rates govern `{name}`", setting.span)
                rates[name] = factor
        return rates

    def minimise(self, objective: Objective, scaling: LossScaling | None = None) -> None:
        """Add the updates of one objective to the root graph; `scaling` keeps gradients in float16 finite.

        Raises:
            TreadleError: E0606 when no parameter is left to train, and what the settings and the optimizer
                raise.
        """
        el = self.el
        optimizer = self._built(objective.optimizer, objective.span)
        others = {id(v): self._built(v, objective.span) for v in objective.by_param.values()}
        reached = el.root.graph.ancestors([objective.loss.node])
        leaves_ = el.root.graph.params
        names = [n for n in objective.params if n not in self.frozen and leaves_[n].id in reached]
        if not names:
            fail("E0606", "no parameter is left to train", objective.span)
        gradients = self._gradients(objective.loss, names, scaling)
        gradients = self._clipped(self._decayed(gradients))
        for name in names:
            chosen = others[id(objective.by_param[name])] if name in objective.by_param else optimizer
            self._step(chosen, name, gradients[name], objective.span)

    def _built(self, value: Value, span: Span) -> Built:
        """An optimizer after its first call."""
        if isinstance(value, DefinitionValue) and isinstance(value.definition, ast.Optimizer):
            site = ast.Name(value.name, span=span)
            value = self.el.call(value, Arguments([], {}), site)
        if not isinstance(value, Built) or not isinstance(value.definition, ast.Optimizer):
            fail("E0604", f"an optimizer such as adam(1e-3) is needed, not {describe(value)}", span)
        if len(value.definition.inputs) != 2:
            name = value.definition.name
            fail("E0310", f"`{name}` must take two tensors: a weight and its gradient", value.definition.span)
        return value

    def _weight(self, name: str) -> Tensor:
        return self.el.root.tensor(self.el.root.graph.params[name])

    def _gradients(self, loss: Tensor, names: list[str], scaling: LossScaling | None) -> dict[str, Tensor]:
        if scaling is None:
            return {name: self._gradient(loss, name) for name in names}
        scaled = scaling.scaled(loss)
        return {name: scaling.unscaled(self._gradient(scaled, name)) for name in names}

    def _gradient(self, loss: Tensor, name: str) -> Tensor:
        with self.el.at(self.el.leaves[name].span):
            return self.el.op("grad", loss, self._weight(name))

    def _decayed(self, gradients: Mapping[str, Tensor]) -> dict[str, Tensor]:
        result = dict(gradients)
        for setting in self.settings.all("decay"):
            rule = self.el.evaluate(settings.single(setting), self.scope)
            for name in select(self.el, setting.over, self.scope, default="weights"):
                if name in result:
                    result[name] = self._apply(rule, [self._weight(name), result[name]], setting)
        return result

    def _apply(self, rule: Value, values: Sequence[Value], setting: ast.Setting) -> Value:
        arguments = Arguments([Given(value, setting.span) for value in values], {})
        with self.el.at(setting.span):
            return self.el.call(rule, arguments, setting)

    def _clipped(self, gradients: Mapping[str, Tensor]) -> dict[str, Tensor]:
        setting = self.settings.one("clip")
        if setting is None:
            return dict(gradients)
        rule = self.el.evaluate(settings.single(setting), self.scope)
        clipped = self._apply(rule, [list(gradients.values())], setting)
        if not isinstance(clipped, list) or len(clipped) != len(gradients):
            fail("E0604", "`clip` takes a function from all gradients to as many", setting.span)
        return dict(zip(gradients, clipped, strict=True))

    def _step(self, optimizer: Built, name: str, gradient: Tensor, span: Span) -> None:
        """Run the optimizer's body for one parameter."""
        el, definition = self.el, optimizer.definition
        assert isinstance(definition, ast.Optimizer)  # noqa: S101 - checked by `_optimizer`
        if name in el.root.graph.updates:
            fail("E0615", f"`{name}` is trained by two objectives of one phase", span)
        scope = Scope(optimizer.origin.scope)
        for key, value in optimizer.config.items():
            scope.bind(key, self._now(value, definition, span))
        if name in self.rates:
            self._scale_rate(scope, name, optimizer, span)
        weight, slope = (param.name for param in definition.inputs)
        scope.bind(weight, self._weight(name))
        scope.bind(slope, gradient)
        instance = Instance(definition.name, el.leaves[name].scope)
        with el.called(f"{optimizer.text} for `{name}`", span), el.applying(instance):
            el.application.states[weight] = name
            el.application.state_path = lambda own, shared: self._state_path(
                definition.name, own, name, shared
            )
            with el.at(span):
                statements.run_all(el, definition.body, scope)
        if name not in el.root.graph.updates and not el.diagnostics.has_errors:
            hint = f"say what it becomes: `{weight} <- ...`"
            fail("E0614", f"`{definition.name}` does not update `{weight}`", definition.span, hint=hint)
        self._constrain(name)

    def _state_path(self, optimizer: str, own: str, param: str, shared: bool) -> str:
        """One state for all parameters when it starts from a plain number, else one for each."""
        path = f"{self.prefix}{optimizer}.{own}"
        return path if shared else f"{path}:{param}"

    def _now(self, value: Value, definition: ast.Optimizer, span: Span) -> Value:
        """A schedule's value at the current step; other values as they are."""
        is_schedule = isinstance(value, Built | DefinitionValue) and isinstance(
            value.definition, ast.Schedule
        )
        if not is_schedule:
            return value
        site = ast.Name(definition.name, span=span)
        if isinstance(value, DefinitionValue):
            value = self.el.call(value, Arguments([], {}), site)
        step = self.el.root.tensor(self.el.root.step())
        with self.el.at(span):
            count = self.el.op("cast", step, dtype=convert.DEFAULT)
            return self.el.call(value, Arguments([Given(count, span)], {}), site)

    def _scale_rate(self, scope: Scope, name: str, optimizer: Built, span: Span) -> None:
        if "lr" not in scope.names:
            fail("E0604", f"`{optimizer.text}` has no `lr` that a rate could scale", span)
        with self.el.at(span):
            scaled = operators.binary(self.el, "*", scope.names["lr"], self.rates[name], span)
        scope.bind("lr", scaled)

    def _constrain(self, name: str) -> None:
        """`constrain max_norm(3) over weights`: applied to the weight after its update."""
        for setting in self.settings.all("constrain"):
            if name in select(self.el, setting.over, self.scope, default="weights"):
                rule = self.el.evaluate(settings.single(setting), self.scope)
                updated = self.el.root.tensor(self.el.root.graph.updates[name])
                limited = self._apply(rule, [updated], setting)
                fitted = leaves.fit(self.el, limited, updated.type, f"`{name}`", setting.span)
                self.el.root.graph.updates[name] = fitted.node
