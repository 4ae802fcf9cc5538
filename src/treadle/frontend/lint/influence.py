"""Lint: inputs, parameters and losses without influence (L0102, L03xx), read off the graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from treadle.errors import Diagnostic
from treadle.frontend.lint.report import warning
from treadle.frontend.result import Checked, LeafInfo, ModelGraph, TrainPlan
from treadle.ir import Graph, Node
from treadle.source import Span

_FLAT = frozenset({
    "stop_grad", "sign", "floor", "ceil", "round", "argmax", "argmin", "lt", "le", "gt", "ge", "eq", "ne",
    "is_nan", "is_finite", "logical_not", "logical_and", "logical_or", "floordiv",
})  # fmt: skip


def find_influence(checked: Checked) -> Iterator[Diagnostic]:
    """Findings about the graphs of a file."""
    for model in checked.models.values():
        yield from _idle_inputs(model, checked)
    for plan in checked.trains.values():
        yield from _idle_parameters(plan, checked)
        yield from _constant_losses(plan)


def _idle_inputs(model: ModelGraph, checked: Checked) -> Iterator[Diagnostic]:
    plans = [plan for plan in checked.trains.values() if plan.model == model.name]
    made = [plan.graph for plan in checked.generates.values() if plan.model.name == model.name]
    graphs = [model.graph, *(phase.graph for plan in plans for phase in plan.phases), *made]
    for name in (*model.inputs, *model.targets):
        if not any(_reaches(graph, name) for graph in graphs):
            node = model.graph.inputs.get(name)
            yield warning("L0102", f"nothing depends on the input `{name}`", node.span if node else None)


def _reaches(graph: Graph, name: str) -> bool:
    ends = [*graph.outputs.values(), *graph.updates.values()]
    return name in graph.inputs and graph.inputs[name].id in graph.ancestors(ends)


def _idle_parameters(plan: TrainPlan, checked: Checked) -> Iterator[Diagnostic]:
    updated = {name for phase in plan.phases for name in phase.graph.updates}
    moved = {name for phase in plan.phases for name in _moved_by_loss(phase.graph)}
    trained = [leaf for leaf in plan.leaves.values() if leaf.kind == "param" and leaf.trainable]
    forgotten = [leaf for leaf in trained if leaf.name not in updated]
    unmoved = [leaf for leaf in trained if leaf.name in updated - moved]
    for span, names in _by_place(forgotten, plan, checked).items():
        hint = "freeze what is meant to stay, or minimise something over it"
        yield warning("L0301", f"`{plan.name}` never updates {names}", span, hint)
    for span, names in _by_place(unmoved, plan, checked).items():
        yield warning("L0302", f"nothing that `{plan.name}` minimises depends on {names}", span)


def _by_place(leaves: Iterable[LeafInfo], plan: TrainPlan, checked: Checked) -> dict[Span, str]:
    """Names of parameters by where this file declares them; those of the library by the train block."""
    found: dict[Span, str] = {}
    for leaf in leaves:
        span = leaf.span if leaf.span.source is checked.source else plan.span
        found[span] = f"{found[span]}, `{leaf.name}`" if span in found else f"`{leaf.name}`"
    return found


def _constant_losses(plan: TrainPlan) -> Iterator[Diagnostic]:
    for phase in plan.phases:
        for name, node in phase.graph.outputs.items():
            if name.partition(":")[0] == "loss" and not _params_behind(phase.graph, [node]):
                yield warning("L0303", f"`{name.removeprefix('loss:')}` depends on no parameter", node.span)


def _moved_by_loss(graph: Graph) -> set[str]:
    return _params_behind(graph, [n for name, n in graph.outputs.items() if name.startswith("loss")])


def _params_behind(graph: Graph, ends: Iterable[Node]) -> set[str]:
    """The parameters that values depend on by operations through which gradients pass."""
    seen: set[int] = set()
    stack = list(ends)
    while stack:
        node = stack.pop()
        if node.id not in seen and node.op not in _FLAT:
            seen.add(node.id)
            stack.extend(node.inputs)
    return {name for name, node in graph.params.items() if node.id in seen}
