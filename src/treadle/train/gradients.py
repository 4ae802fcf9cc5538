"""Gradient checks of a whole train block, on random inputs: no data are needed.

Input: a plan. Output: a report for each parameter of each phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from treadle.autodiff.check import ParameterReport, direction_error, gradcheck
from treadle.driver import evaluator
from treadle.frontend.result import TrainPlan
from treadle.ir import RNG_INPUT, STEP_INPUT, Graph, bind
from treadle.train.data.ranges import index_limits
from treadle.train.length import TOTAL_STEPS
from treadle.train.programs import initial_values
from treadle.types import TensorType

_OTHER_SIZE = 5  # of symbolic dimensions other than the batch, such as the length of a sequence
_TOTAL_STEPS = 1000


@dataclass(frozen=True)
class PhaseReport:
    """How well the gradients of one phase's loss agree."""

    phase: str
    parameters: list[ParameterReport]


def check_gradients(
    plan: TrainPlan, *, seed: int, batch: int, samples: int, device: str = "numpy"
) -> list[PhaseReport]:
    """Reports for all phases of a plan, at its initial values.

    Raises:
        TreadleError: see `driver.evaluator`.
    """
    leaves = initial_values(plan.init, seed, batch)
    run = evaluator(device)
    reports = []
    for phase in plan.phases:
        graph, values = _random_case(plan, phase.graph, leaves, seed, batch)
        reports.append(PhaseReport(phase.name, gradcheck(graph, values, run, samples=samples, seed=seed)))
    return reports


def direction_errors(plan: TrainPlan, *, seed: int, batch: int, device: str = "numpy") -> dict[str, float]:
    """By phase, the relative difference along one random direction through all parameters at once.

    Raises:
        TreadleError: see `driver.evaluator`.
    """
    leaves = initial_values(plan.init, seed, batch)
    run = evaluator(device)
    cases = {phase.name: _random_case(plan, phase.graph, leaves, seed, batch) for phase in plan.phases}
    return {name: direction_error(*case, run, seed=seed) for name, case in cases.items()}


def _random_case(
    plan: TrainPlan, graph: Graph, leaves: dict[str, Any], seed: int, batch: int
) -> tuple[Graph, dict[str, Any]]:
    """The graph with sizes, and random values for all that enters it."""
    sizes = dict.fromkeys(graph.symbols(), _OTHER_SIZE) | {TOTAL_STEPS: _TOTAL_STEPS}
    bound = bind(graph, sizes | {plan.eval.batch or "": batch})
    limits = index_limits(bound)
    draw = np.random.default_rng(seed)
    inputs = {name: _random(name, node.type, limits, draw) for name, node in bound.inputs.items()}
    values = {**leaves, **inputs}
    values[RNG_INPUT], values[STEP_INPUT] = np.array([seed, 1]), np.array(0)
    return bound, values


def _random(name: str, type_: TensorType, limits: dict[str, int], draw: np.random.Generator) -> Any:
    shape = type_.static_shape()
    if type_.dtype.is_int:
        return draw.integers(limits.get(name, 2), size=shape)
    return draw.standard_normal(shape) if type_.dtype.is_float else draw.integers(2, size=shape).astype(bool)
