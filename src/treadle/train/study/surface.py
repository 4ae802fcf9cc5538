"""The loss around the trained weights, in a plane of two directions.

Directions are random, scaled like the weights unit by unit ("filter normalisation", Li et al. 2018), or the
gradient and a random direction at right angles to it. Input: a probe. Output: losses on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from treadle.train.study.probe import Probe, Vector

Directions = Literal["random", "gradient"]


@dataclass(frozen=True)
class Surface:
    """Losses [points, points]: rows along the second direction, columns along the first."""

    steps: Vector
    losses: Vector
    directions: Directions


def loss_surface(
    probe: Probe, directions: Directions = "random", points: int = 21, reach: float = 1.0, seed: int = 0
) -> Surface:
    """The loss at `weights + a u + b v` for a, b from -reach to reach."""
    rng = np.random.default_rng(seed)
    first, second = _random(probe, rng), _random(probe, rng)
    if directions == "gradient":
        first, second = _along_gradient(probe, second)
    steps = np.linspace(-reach, reach, points)
    centre = probe.weights
    losses = [[probe.loss(centre + a * first + b * second) for a in steps] for b in steps]
    return Surface(steps, np.array(losses), directions)


def _random(probe: Probe, rng: np.random.Generator) -> Vector:
    """A random direction, each unit of it as long as that unit's weights; biases and gains stay as they are.

    Where there is nothing else, they move: by as much as their length, at least 1.
    """
    weights = probe.parts(probe.weights)
    if all(weight.ndim < 2 for weight in weights.values()):
        free = rng.normal(size=probe.weights.size)
        return free / np.linalg.norm(free) * max(1.0, float(np.linalg.norm(probe.weights)))
    drawn = probe.parts(rng.normal(size=probe.weights.size))
    scaled = {}
    for name, weight in weights.items():
        if weight.ndim < 2:
            scaled[name] = np.zeros_like(weight)
            continue
        # The units of a dense layer [in, out] are columns, those of a convolution [out, in, ...] rows.
        axes = (0,) if weight.ndim == 2 else tuple(range(1, weight.ndim))
        length = np.sqrt((drawn[name] ** 2).sum(axes, keepdims=True)) + 1e-12
        scaled[name] = drawn[name] / length * np.sqrt((weight**2).sum(axes, keepdims=True))
    return probe.flat(scaled)


def _along_gradient(probe: Probe, other: Vector) -> tuple[Vector, Vector]:
    """The gradient and what of another direction is at right angles to it, both as long as the weights."""
    gradient = probe.flat(probe.gradients())
    length = float(np.linalg.norm(probe.weights)) or 1.0
    unit = gradient / (np.linalg.norm(gradient) + 1e-30)
    right = other - (other @ unit) * unit
    return unit * length, right / (np.linalg.norm(right) + 1e-30) * length
