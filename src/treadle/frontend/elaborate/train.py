"""Elaborating a `train` block: from a model and settings to one step graph per phase.

Each phase runs the model's body again with `training` set, then its own statements; what it minimises becomes
gradients and updates. Input: a `train` block. Output: `TrainPlan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from treadle.errors import Diagnostics, TreadleError, did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import keeping, models, settings, statements
from treadle.frontend.elaborate.arguments import bind, evaluate_arguments, slots_of
from treadle.frontend.elaborate.elaborator import Elaborator
from treadle.frontend.elaborate.loads import load_plan
from treadle.frontend.elaborate.loss_scaling import LossScaling
from treadle.frontend.elaborate.merge import merge_outputs
from treadle.frontend.elaborate.model import ExpandedModel, expand, find_model, model_graph
from treadle.frontend.elaborate.optimise import Objective, Optimisation
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.selectors import select
from treadle.frontend.elaborate.values import Silenced, Tensor, Value
from treadle.frontend.program import Module
from treadle.frontend.result import LeafInfo, ModelGraph, PhasePlan, TrainPlan
from treadle.ir import Graph
from treadle.types import DType

HANDED_ON = ("shuffle", "ema")  # settings that training reads itself


class PhaseSink(models.ModelSink):
    """What the statements of a phase mean: objectives to minimise, and settings for it alone."""

    def __init__(self, outer: settings.Settings) -> None:
        super().__init__()
        self.settings = settings.Settings([s for word in outer.words() for s in outer.all(word)])
        self.own: set[str] = set()
        self.objectives: list[tuple[Tensor, ast.Minimize]] = []

    def minimize(self, el: Elaborator, statement: ast.Minimize, scope: Scope) -> None:
        """`minimize value over selection with optimizer`."""
        value = models.scalar(el, el.evaluate(statement.value, scope), "the objective", statement.value.span)
        self.objectives.append((value, statement))

    def setting(self, _el: Elaborator, statement: ast.Setting, _scope: Scope) -> None:
        """A setting of this phase, which replaces that of the train block."""
        self.settings.override(statement, first=statement.word not in self.own)
        self.own.add(statement.word)


@dataclass
class _Phase:
    """A phase before and after it was run."""

    name: str
    repeat: ast.Expr | None
    items: Sequence[ast.BlockItem]


class _Planner:
    """Builds the plan of one train block."""

    def __init__(self, module: Module, block: ast.Train, name: str, models: Mapping[str, ModelGraph]) -> None:
        self.module = module
        self.block = block
        self.name = name
        self.owner, self.model = find_model(module, block.model.id, block.model.span)
        self.problems = Diagnostics()
        self.models = models
        found = [item for item in block.items if isinstance(item, ast.Setting)]
        self.settings = settings.Settings(found)
        self.phases = [item for item in block.items if isinstance(item, ast.Phase)]
        self.loads = [item for item in block.items if isinstance(item, ast.Load)]
        own = (ast.Setting, ast.Phase, ast.Load)
        self.common = [item for item in block.items if not isinstance(item, own)]

    def plan(self) -> TrainPlan | None:
        """The plan, or None when mistakes were found."""
        self._check_data()
        evaluated = self._evaluated()
        runs = [self._run(phase) for phase in self._phases()]
        if self.problems.has_errors:
            return None
        return self._assemble(evaluated, runs)

    def _phases(self) -> list[_Phase]:
        if self.phases:
            return [_Phase(phase.name, phase.repeat, [*self.common, *phase.items]) for phase in self.phases]
        return [_Phase("step", None, self.common)]

    def _check_data(self) -> None:
        data = self.block.data
        if data is None:
            return
        found = self.module.find(data.id)
        if found is None or not isinstance(found[1], ast.Data):
            names = [block.name for block in self.module.blocks.values() if isinstance(block, ast.Data)]
            fail("E0609", f"there is no data block `{data.id}`", data.span, hint=did_you_mean(data.id, names))

    def _evaluated(self) -> ModelGraph:
        """The model for evaluation; without arguments it is the one that was expanded by itself."""
        known = self.models.get(self.model.name)
        if known is not None and not self.block.model_args and self.owner is self.module:
            return known
        return model_graph(self._expand(training=False, salt=""))

    def _expand(self, *, training: bool, salt: str) -> ExpandedModel:
        args = self.block.model_args
        expanded = expand(self.owner, self.model, args, self.block.model.span, training=training, salt=salt)
        self.problems.extend(expanded.el.diagnostics)
        return expanded

    def _run(self, phase: _Phase) -> tuple[PhasePlan, Elaborator, Scope]:
        expanded = self._expand(training=True, salt=f"{phase.name}/" if self.phases else "")
        el, scope = expanded.el, Scope(expanded.scope)
        repeat, precision = 1, DType.F32
        if not el.diagnostics.has_errors:
            try:
                repeat = self._repeat(phase, el, scope)
                precision = self._optimise(phase, expanded, scope)
            except TreadleError as error:
                el.report(error)
            except Silenced:
                pass  # its cause has been reported
            self.problems.extend(el.diagnostics)
        return PhasePlan(phase.name, repeat, el.root.graph, precision), el, scope

    def _repeat(self, phase: _Phase, el: Elaborator, scope: Scope) -> int:
        if phase.repeat is None:
            return 1
        value = el.evaluate(phase.repeat, scope)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            fail("E0604", "`repeat` takes a positive integer", phase.repeat.span)
        return value

    def _optimise(self, phase: _Phase, expanded: ExpandedModel, scope: Scope) -> DType:
        """Adds gradients and updates; the element type that the phase computes in."""
        el = expanded.el
        sink = PhaseSink(self.settings)
        el.sink = sink
        statements.run_all(el, phase.items, scope)
        precision = settings.precision(el, sink.settings, scope)
        if el.diagnostics.has_errors:
            return precision
        prefix = f"{phase.name}." if self.phases else ""
        optimisation = Optimisation(el, sink.settings, scope, prefix)
        objectives = self._objectives(phase, expanded, sink, scope)
        self._name_losses(el, objectives)
        scaling = LossScaling(el, prefix, objectives[0].span) if precision is DType.F16 else None
        for objective in objectives:
            optimisation.minimise(objective, scaling)
        if scaling is not None:
            scaling.finish()
        for name in optimisation.frozen:
            el.leaves[name] = replace(el.leaves[name], trainable=False)
        return precision

    def _objectives(
        self, phase: _Phase, expanded: ExpandedModel, sink: PhaseSink, scope: Scope
    ) -> list[Objective]:
        el = expanded.el
        found = [
            Objective(value, select(el, m.over, scope), self._optimizer(el, sink, m, scope), m.span)
            for value, m in sink.objectives
        ]
        if found:
            return found
        if self.phases:
            span = next(p.span for p in self.phases if p.name == phase.name)
            hint = "write `minimize value over parameters`"
            fail("E0607", f"the phase `{phase.name}` minimises nothing", span, hint=hint)
        loss = el.root.graph.outputs.get("loss")
        if loss is None:
            hint = "add one to the model: `loss mse(y, target)`"
            fail("E0605", f"the model `{self.model.name}` declares no loss", self.block.model.span, hint=hint)
        optimizer = self._optimizer(el, sink, None, scope)
        chosen = sink.settings.one("optimizer")
        span = chosen.span if chosen else self.block.span
        groups, params = self._groups(el, sink, scope), select(el, (), scope)
        if all(setting.over for setting in sink.settings.all("optimizer")):
            params = [name for name in params if name in groups]
        return [Objective(el.root.tensor(loss), params, optimizer, span, groups)]

    def _groups(self, el: Elaborator, sink: PhaseSink, scope: Scope) -> dict[str, Value]:
        """The optimizers that are given for some parameters only: `optimizer adamw(1e-3) over weights`."""
        found: dict[str, Value] = {}
        for setting in sink.settings.all("optimizer"):
            names = select(el, setting.over, scope) if setting.over else []
            value = el.evaluate(settings.single(setting), scope) if names else None
            for name in names:
                if name in found:
                    fail("E0615", f"two optimizers govern `{name}`", setting.span)
                found[name] = value
        return found

    def _optimizer(
        self, el: Elaborator, sink: PhaseSink, minimize: ast.Minimize | None, scope: Scope
    ) -> Value:
        if minimize is not None and minimize.optimizer is not None:
            return el.evaluate(minimize.optimizer, scope)
        given = sink.settings.all("optimizer")
        setting = next((one for one in given if not one.over), given[0] if given else None)
        if setting is None:
            span = minimize.span if minimize else self.block.model.span
            fail("E0602", "no optimizer is given", span, hint="write `optimizer adam(1e-3)`")
        return el.evaluate(settings.single(setting), scope)

    def _name_losses(self, el: Elaborator, objectives: Sequence[Objective]) -> None:
        """The loss of a phase is the sum of what it minimises; the model's own ends stay in a plain step."""
        outputs = el.root.graph.outputs
        if self.phases:
            outputs.clear()
        else:
            for name in [name for name in outputs if name.startswith("output:")]:
                del outputs[name]
        total = objectives[0].loss
        for objective in objectives[1:]:
            with el.at(objective.span):
                total = el.op("add", total, objective.loss)
        outputs["loss"] = total.node

    def _assemble(
        self, evaluated: ModelGraph, runs: list[tuple[PhasePlan, Elaborator, Scope]]
    ) -> TrainPlan | None:
        el, scope = runs[0][1], runs[0][2]
        init, leaves = _merged([run[1] for run in runs], evaluated)
        try:
            return self._finished(el, scope, evaluated, [run[0] for run in runs], init, leaves)
        except TreadleError as error:
            self.problems.extend(error.diagnostics)
            return None

    def _finished(
        self,
        el: Elaborator,
        scope: Scope,
        evaluated: ModelGraph,
        phases: Sequence[PhasePlan],
        init: Graph,
        leaves: dict[str, LeafInfo],
    ) -> TrainPlan:
        chosen, metrics = self.settings, list(evaluated.graph.outputs)
        epochs = settings.integer(el, chosen, "epochs", scope, 1)
        steps = settings.integer(el, chosen, "steps", scope, 1)
        if epochs is None and steps is None:
            fail(
                "E0602",
                "how long to train is not said",
                self.block.model.span,
                hint="write `epochs 10` or `steps 1000`",
            )
        if epochs is not None and steps is not None:
            fail("E0603", "both `epochs` and `steps` are given", self.block.model.span)
        data_arguments = self._data_arguments(el, scope)
        handed_on = {
            word: settings.plain(el, setting, scope)
            for word in HANDED_ON
            if (setting := chosen.one(word)) is not None
        }
        return TrainPlan(
            name=self.name,
            model=self.model.name,
            data=self.block.data.id if self.block.data else None,
            phases=tuple(phases),
            eval=evaluated,
            init=init,
            leaves=leaves,
            batch=settings.integer(el, chosen, "batch", scope, 1) or settings.DEFAULT_BATCH,
            epochs=epochs,
            steps=steps,
            seed=settings.integer(el, chosen, "seed", scope, 0) or 0,
            stop=settings.stop_rule(el, chosen, scope, metrics),
            keep_best=keeping.best_metric(chosen, metrics),
            settings=handed_on,
            span=self.block.span,
            data_arguments=data_arguments,
            keep=keeping.keep_rules(el, chosen, scope),
            loads=tuple(load_plan(el, load, scope, evaluated.leaves.values()) for load in self.loads),
        )

    def _data_arguments(self, el: Elaborator, scope: Scope) -> dict[str, Value]:
        """The arguments of `on Data(...)`, by the names of the block's parameters."""
        found = self.module.find(self.block.data.id) if self.block.data else None
        if found is None or not isinstance(found[1], ast.Data):
            return {}
        given = evaluate_arguments(el, self.block.data_args, scope)
        bound = bind(found[1].name, slots_of(found[1].params), given, self.block.span)
        return {name: value.value for name, value in bound.items()}


def plan(
    module: Module,
    block: ast.Train,
    name: str,
    models: Mapping[str, ModelGraph],
    problems: Diagnostics,
) -> TrainPlan | None:
    """The plan of a train block, or None; mistakes are added to `problems`.

    `models` are those of the file that were expanded for evaluation already.
    """
    try:
        planner = _Planner(module, block, name, models)
        result = planner.plan()
    except TreadleError as error:
        problems.extend(error.diagnostics)
        return None
    problems.extend(planner.problems)
    return result


def _merged(elaborators: Sequence[Elaborator], evaluated: ModelGraph) -> tuple[Graph, dict[str, LeafInfo]]:
    """The initial values and leaves of all phases and of evaluation together."""
    init = elaborators[0].init.graph
    leaves = dict(elaborators[0].leaves)
    for other in elaborators[1:]:
        merge_outputs(init, other.init.graph)
        leaves = {**other.leaves, **leaves}
    merge_outputs(init, evaluated.init)
    return init, {**evaluated.leaves, **leaves}
