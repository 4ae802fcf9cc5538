"""Trials: the points of a sweep, all of a grid or drawn at random; the same for the same seed.

Input: a plan. Output: trials with their values as expressions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from treadle.frontend import ast
from treadle.frontend.expr_text import expr_to_text
from treadle.frontend.sweeps.plan import Axis, SweepPlan

_PLACES = 4  # significant ones of drawn numbers: so that a table can be read and repeated


@dataclass(frozen=True)
class Trial:
    """One point of a sweep: the values of its axes, in order."""

    number: int
    values: tuple[tuple[Axis, ast.Expr], ...]

    @property
    def texts(self) -> dict[str, str]:
        """The values as a spec would write them, by path."""
        return {axis.name: expr_to_text(value) for axis, value in self.values}

    @property
    def name(self) -> str:
        """Its number, with zeros in front so that names sort."""
        return f"{self.number:03d}"


def trials_of(plan: SweepPlan) -> list[Trial]:
    """All trials of a sweep, in order."""
    if plan.trials is None:
        points = product(*(axis.choices for axis in plan.axes))
        return [Trial(n, tuple(zip(plan.axes, point, strict=True))) for n, point in enumerate(points, 1)]
    rng = np.random.default_rng(plan.seed)
    return [
        Trial(n, tuple((axis, _drawn(axis, rng)) for axis in plan.axes)) for n in range(1, plan.trials + 1)
    ]


def _drawn(axis: Axis, rng: np.random.Generator) -> ast.Expr:
    draw = axis.draw
    if draw is None:
        return axis.choices[int(rng.integers(len(axis.choices)))]
    if draw.kind == "integers":
        return ast.Literal(int(rng.integers(int(draw.low), int(draw.high) + 1)), span=axis.span)
    share = rng.random()
    if draw.kind == "log_uniform":
        value = math.exp(math.log(draw.low) + share * math.log(draw.high / draw.low))
    else:
        value = draw.low + share * (draw.high - draw.low)
    return _literal(float(f"{value:.{_PLACES}g}"), axis)


def _literal(value: float, axis: Axis) -> ast.Expr:
    """A number as an expression: a negative one is written with a sign in front."""
    positive = ast.Literal(abs(value), span=axis.span)
    return positive if value >= 0 else ast.Unary("-", positive, span=axis.span)
