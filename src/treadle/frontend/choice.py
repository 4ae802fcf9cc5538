"""Choosing what to work on: a train block or a model of a spec, by name when there are several.

Input: a checked spec, a name or None. Output: the one that is meant. `option` is how the caller takes a name,
for hints. Non-goals: reading specs.
"""

from collections.abc import Mapping
from typing import TypeVar

from treadle.errors import did_you_mean, fail
from treadle.frontend.program import Module
from treadle.frontend.result import Checked, GeneratePlan, ModelGraph, PhasePlan, TrainPlan
from treadle.frontend.sweeps import SweepPlan, plan_sweep

T = TypeVar("T")
_HINTS = {
    "model": "only a model whose parameters have defaults can be used alone",
    "train block": "write one: `train Net on Data { optimizer adam(1e-3)   batch 32   epochs 10 }`",
    "generate block": "write one: `generate Net as samples { ... }`, as the language reference shows",
    "sweep": "write one: `sweep Net as grid { ... }`, as the language reference shows",
}


def choose_plan(checked: Checked, name: str | None, option: str = "--name NAME") -> TrainPlan:
    """The train block of this name, or the only one.

    Raises:
        TreadleError: E1005 when there is none, or several and no name.
    """
    return _choose(checked.trains, name, "train block", option, checked.source.name)


def choose_model(checked: Checked, name: str | None, option: str = "--model NAME") -> ModelGraph:
    """The model of this name, or that of the only train block, or the only one.

    Raises:
        TreadleError: E1005 when there is none, or several and no name.
    """
    if name is None and len(checked.trains) == 1:
        return next(iter(checked.trains.values())).eval
    models = {**{plan.name: plan.eval for plan in checked.trains.values()}, **checked.models}
    return _choose(models, name, "model", option, checked.source.name)


def choose_generation(checked: Checked, name: str | None) -> GeneratePlan:
    """The generate block of this name, or the only one.

    Raises:
        TreadleError: E1005 when there is none, or several and no name.
    """
    return _choose(checked.generates, name, "generate block", "--name NAME", checked.source.name)


def choose_sweep(module: Module, name: str | None) -> SweepPlan:
    """The sweep of this name in a file, or the only one.

    Raises:
        TreadleError: E1005 when there is none, or several and no name.
    """
    plans = {plan.name: plan for plan in (plan_sweep(module, block) for block in module.sweeps)}
    return _choose(plans, name, "sweep", "--name NAME", module.source.name)


def choose_phase(checked: Checked, name: str) -> PhasePlan:
    """The phase of this name in any of the train blocks.

    Raises:
        TreadleError: E1005 when there is none.
    """
    phases = {phase.name: phase for plan in checked.trains.values() for phase in plan.phases}
    return _choose(phases, name, "phase", "--phase NAME", checked.source.name)


def _choose(candidates: Mapping[str, T], name: str | None, what: str, option: str, where: str) -> T:
    listed = ", ".join(candidates)
    if name is not None and name not in candidates:
        hint = did_you_mean(name, candidates) or (f"there are: {listed}" if candidates else None)
        fail("E1005", f"{where} has no {what} `{name}`", hint=hint)
    if name is None and not candidates:
        fail("E1005", f"{where} has no {what} to use", hint=_HINTS.get(what))
    if name is None and len(candidates) > 1:
        fail("E1005", f"{where} has several: {listed}", hint=f"choose one with `{option}`")
    return candidates[name] if name is not None else next(iter(candidates.values()))
