"""Which graph of a spec a picture is of.

Input: a checked spec, the wish for a picture, names of a model or phase. Output: a `Program`.
"""

from __future__ import annotations

from treadle.driver import Program
from treadle.frontend.choice import choose_model, choose_phase
from treadle.frontend.result import Checked, PhasePlan, TrainPlan
from treadle.ir import Graph
from treadle.train.length import TOTAL_STEPS
from treadle.viz.gradients import holds_gradient
from treadle.viz.scene import What

_COMPILED = {"kernels", "memory"}


def subject_of(checked: Checked, what: What, model: str | None = None, phase: str | None = None) -> Program:
    """The named phase or model; of a model that is trained, what is compiled is the training step.

    Gradients of a model without a loss are those of its first phase; the gradient of a gradient is that of
    the first phase whose loss holds one, where there is such a phase.

    Raises:
        TreadleError: E1005 when there is none, or several and no name.
    """
    steps = [(plan, part) for plan in checked.trains.values() for part in plan.phases]
    if phase is not None:
        chosen = choose_phase(checked, phase)
        return next(_step(plan, part) for plan, part in steps if part is chosen)
    graph = choose_model(checked, model).graph
    own = [_step(plan, part) for plan, part in steps if plan.eval.graph is graph]
    return _first(own, what, graph) or Program(graph)


def _first(steps: list[Program], what: What, graph: Graph) -> Program | None:
    """The step to draw instead of the graph of a model, if any."""
    if what == "second":
        penalised = [step for step in steps if holds_gradient(step.graph)]
        if penalised:
            return penalised[0]
    is_needed = what in _COMPILED or (what != "forward" and "loss" not in graph.outputs)
    return steps[0] if steps and is_needed else None


def _step(plan: TrainPlan, phase: PhasePlan) -> Program:
    sizes = {TOTAL_STEPS: 1, **({plan.eval.batch: plan.batch} if plan.eval.batch else {})}
    return Program(phase.graph, sizes, phase.precision)
