"""Averaged weights, `ema 0.999`: an exponential moving average of every trained parameter, which is what is
evaluated.

Input: a plan. Output: a plan with one more state per parameter, updated in the last phase that changes the
parameter. The average starts at the initial value. Formula: average <- decay * average + (1 - decay) *
weight.
"""

from __future__ import annotations

from dataclasses import replace

from treadle.errors import fail
from treadle.frontend.result import LeafInfo, ModelGraph, TrainPlan
from treadle.ir import Builder, Graph, Node, copy_node, rewrite

_PREFIX = "ema:"


def averaged_name(name: str) -> str:
    """The name of the state that averages a parameter."""
    return f"{_PREFIX}{name}"


def with_settings(plan: TrainPlan) -> TrainPlan:
    """The plan with what its setting `ema` asks for.

    Raises:
        TreadleError: E0604 for a decay outside [0, 1).
    """
    decay = plan.settings.get("ema", 0.0)
    if not isinstance(decay, int | float) or not 0 <= decay < 1:
        fail(
            "E0604",
            f"`ema` needs a number from 0 up to 1, not {decay!r}",
            plan.span,
            hint="write `ema 0.999`",
        )
    return with_averages(plan, float(decay)) if decay else plan


def with_averages(plan: TrainPlan, decay: float) -> TrainPlan:
    """The plan that also averages its trained parameters, and evaluates with the averages."""
    trained = {name for phase in plan.phases for name in phase.graph.updates if name in phase.graph.params}
    last = {name: phase.name for phase in plan.phases for name in phase.graph.updates if name in trained}
    phases = tuple(
        replace(p, graph=_averaging(p.graph, [n for n in last if last[n] == p.name], decay))
        for p in plan.phases
    )
    leaves = dict(plan.leaves)
    for name in last:
        leaves[averaged_name(name)] = _average_of(plan.leaves[name])
    return replace(
        plan,
        phases=phases,
        leaves=leaves,
        init=_with_initial(plan.init, list(last)),
        eval=_evaluating(plan.eval, set(last)),
    )


def _average_of(leaf: LeafInfo) -> LeafInfo:
    return replace(leaf, name=averaged_name(leaf.name), kind="state", trainable=False, role="other")


def _averaging(graph: Graph, names: list[str], decay: float) -> Graph:
    result = _copied(graph)
    builder = Builder(result)
    for name in names:
        with builder.at(result.params[name].span, result.params[name].scope):
            average = builder.state(averaged_name(name), result.params[name].type)
            change = builder.mul(builder.sub(result.updates[name], average), 1.0 - decay)
            result.updates[averaged_name(name)] = builder.add(average, change)
    return result


def _with_initial(init: Graph, names: list[str]) -> Graph:
    result = _copied(init)
    for name in names:
        result.outputs[averaged_name(name)] = result.outputs[name]
    return result


def _evaluating(model: ModelGraph, names: set[str]) -> ModelGraph:
    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.op == "param" and node.attrs["name"] in names:
            return builder.state(averaged_name(node.attrs["name"]), node.type)
        return copy_node(builder, node, inputs)

    graph = rewrite(model.graph, rule)
    for name in names & set(graph.params):
        graph.states[averaged_name(name)] = graph.params.pop(name)
    return replace(model, graph=graph)


def _copied(graph: Graph) -> Graph:
    return rewrite(graph, lambda _builder, _node, _inputs: None)
