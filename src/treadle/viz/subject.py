"""Which graph of a spec a picture is of.

Input: a checked spec, the wish for a picture, names of a model or phase. Output: a `Program`.
"""

from __future__ import annotations

from treadle.driver import Program
from treadle.frontend.choice import choose_model, choose_phase
from treadle.frontend.result import Checked, PhasePlan, TrainPlan
from treadle.train.length import TOTAL_STEPS
from treadle.viz.gradients import holds_gradient
from treadle.viz.scene import What

_COMPILED = {"kernels", "memory"}
_WITHOUT_LOSS = {"forward", *_COMPILED}


def subject_of(checked: Checked, what: What, model: str | None = None, phase: str | None = None) -> Program:
    """The named phase or model; unnamed, the training step for what is compiled, otherwise the only model.

    Where that has no loss, its gradients are those of the first phase; the gradient of a gradient is that of
    the first phase whose loss holds a gradient, where there is one.

    Raises:
        TreadleError: E1005 when there is none, or several and no name.
    """
    phases = [(plan, part) for plan in checked.trains.values() for part in plan.phases]
    if phase is not None:
        chosen = choose_phase(checked, phase)
        return next(_step(plan, part) for plan, part in phases if part is chosen)
    if model is None and what in _COMPILED and phases:
        return _step(*phases[0])
    if model is None and what == "second":
        penalised = [_step(plan, part) for plan, part in phases if holds_gradient(part.graph)]
        if penalised:
            return penalised[0]
    graph = choose_model(checked, model).graph
    if model is None and what not in _WITHOUT_LOSS and "loss" not in graph.outputs and phases:
        return _step(*phases[0])
    return Program(graph)


def _step(plan: TrainPlan, phase: PhasePlan) -> Program:
    sizes = {TOTAL_STEPS: 1, **({plan.eval.batch: plan.batch} if plan.eval.batch else {})}
    return Program(phase.graph, sizes, phase.precision)
