"""Compares derivatives with central differences.

Input: a graph with a number among its outputs, values for everything that enters it, a function that runs
graphs. Output: a report for each parameter. The check runs in float64. Non-goals: judging the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from treadle.autodiff import expand
from treadle.autodiff.attach import GRADIENT, with_gradients
from treadle.autodiff.freeze import Run, Values, freeze
from treadle.ir import Graph, rewrite
from treadle.ir.retype import retype
from treadle.types import DType

Slope = Callable[[Values], float]


@dataclass(frozen=True)
class ParameterReport:
    """How well the derivative in one parameter agrees.

    Attributes:
        name: the parameter.
        shape: its shape.
        checked: how many coordinates were compared.
        max_abs_error: the largest difference.
        max_rel_error: the largest difference relative to the size of the derivative.
        worst_index: where that one is.
        worst_pair: there, the derivative by the graph and by differences.
        direction_error: relative difference along a random direction through all coordinates.
    """

    name: str
    shape: tuple[int, ...]
    checked: int
    max_abs_error: float
    max_rel_error: float
    worst_index: tuple[int, ...]
    worst_pair: tuple[float, float]
    direction_error: float

    def agrees(self, tolerance: float = 1e-5) -> bool:
        """Whether both relative errors are below the tolerance; NaN never agrees."""
        return self.max_rel_error < tolerance and self.direction_error < tolerance


def gradcheck(
    graph: Graph,
    values: Values,
    run: Run,
    *,
    output: str = "loss",
    names: Sequence[str] | None = None,
    samples: int = 20,
    step: float = 1e-5,
    seed: int = 0,
) -> list[ParameterReport]:
    """A report for each of `names`: params, or inputs of floats; all params when None.

    What `stop_grad` holds is kept as it is, and loops are not truncated: slopes know of neither.

    Args:
        graph: has static shapes and a scalar `output`; may hold `grad` nodes.
        values: inputs, params and states by name.
        run: evaluates the outputs of a graph.
        output: the name of the number to differentiate.
        names: what to differentiate in.
        samples: at most so many coordinates of each are compared.
        step: of the differences.
        seed: for the choice of coordinates and directions.
    """
    names = list(graph.params) if names is None else list(names)
    analytic, slope = _derivatives(graph, values, run, output, names, step)
    rng = np.random.default_rng(seed)
    return [
        _report(name, analytic[name], lambda d, name=name: slope({name: d}), samples, rng)  # type: ignore[misc]
        for name in names
    ]


def direction_error(
    graph: Graph, values: Values, run: Run, *, output: str = "loss", step: float = 1e-6, seed: int = 0
) -> float:
    """The relative difference along one random direction through all params at once.

    Two runs of the graph, however many params there are; each param's part of the direction has length 1.
    The arguments are those of `gradcheck`.
    """
    analytic, slope = _derivatives(graph, values, run, output, list(graph.params), step)
    rng = np.random.default_rng(seed)
    directions = {name: _random_unit(gradient.shape, rng) for name, gradient in analytic.items()}
    along = sum(float(np.sum(gradient * directions[name])) for name, gradient in analytic.items())
    size = float(np.sqrt(sum(float(np.sum(gradient * gradient)) for gradient in analytic.values())))
    return abs(slope(directions) - along) / max(abs(along), 1e-2 * size, 1e-8)


def _derivatives(
    graph: Graph, values: Values, run: Run, output: str, names: list[str], step: float
) -> tuple[Values, Slope]:
    """The gradients in float64, and the slope of the output along directions by central differences."""
    wide = retype(_only(graph, output), DType.F32, DType.F64)
    wide, at = freeze(wide, {name: _widened(value) for name, value in values.items()}, run)
    value = expand.run(wide)
    found = run(expand.run(with_gradients(wide, output, names)), at)
    analytic = {name: found[f"{GRADIENT}{name}"] for name in names}

    def slope(directions: Values) -> float:
        ends = [
            run(value, {**at, **{name: at[name] + sign * step * d for name, d in directions.items()}})[output]
            for sign in (1, -1)
        ]
        return float(ends[0] - ends[1]) / (2 * step)

    return analytic, slope


def _only(graph: Graph, output: str) -> Graph:
    """The graph with that output alone and without updates."""
    copy = rewrite(graph, lambda _builder, _node, _inputs: None)
    copy.outputs = {output: copy.outputs[output]}
    copy.updates = {}
    return copy


def _widened(value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _report(
    name: str,
    gradient: NDArray[Any],
    slope: Callable[[NDArray[np.float64]], float],
    samples: int,
    rng: np.random.Generator,
) -> ParameterReport:
    coordinates = rng.permutation(gradient.size)[:samples]
    expected = np.array([slope(_unit(gradient.shape, place)) for place in coordinates])
    found = gradient.reshape(-1)[coordinates]
    errors = np.abs(found - expected)
    scale = max(float(np.max(np.abs(gradient), initial=0.0)), 1e-3)
    relative = errors / np.maximum(np.maximum(np.abs(found), np.abs(expected)), 1e-2 * scale)
    worst = int(np.argmax(relative))
    direction = _random_unit(gradient.shape, rng)
    along = float(np.sum(gradient * direction))
    return ParameterReport(
        name=name,
        shape=gradient.shape,
        checked=len(coordinates),
        max_abs_error=float(errors.max()),
        max_rel_error=float(relative[worst]),
        worst_index=tuple(int(i) for i in np.unravel_index(int(coordinates[worst]), gradient.shape)),
        worst_pair=(float(found[worst]), float(expected[worst])),
        direction_error=abs(slope(direction) - along) / max(abs(along), 1e-2 * scale),
    )


def _random_unit(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    direction = rng.standard_normal(shape)
    return direction / max(float(np.linalg.norm(direction)), 1e-12)


def _unit(shape: tuple[int, ...], place: int) -> NDArray[np.float64]:
    unit = np.zeros(shape)
    unit.reshape(-1)[place] = 1.0
    return unit
