"""Means of losses and metrics over batches, and whether they got better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_METRIC = "metric:"
_NOISE = 1e-6  # relative difference of float32 means that says nothing


def is_measured(output: str) -> bool:
    """Whether an output of a program is a loss or a metric."""
    return is_loss(output) or output.startswith(_METRIC)


def is_loss(name: str) -> bool:
    """Whether an output of a program is a loss, under its own or its plain name."""
    return name == "loss" or name.startswith("loss:")


def plain_name(output: str) -> str:
    """The name that people see of a loss or metric."""
    return output.removeprefix(_METRIC)


def scalars(outputs: Mapping[str, Any]) -> dict[str, float]:
    """The loss and the metrics among a program's outputs, under plain names."""
    return {plain_name(name): float(value) for name, value in outputs.items() if is_measured(name)}


class Averages:
    """Weighted means of named values."""

    def __init__(self, sums: Mapping[str, tuple[float, float]] | None = None) -> None:
        """Goes on from sums and weights by name."""
        self.sums = dict(sums or {})

    def add(self, values: Mapping[str, float], weight: float = 1.0) -> None:
        """Counts values of one batch of `weight` examples."""
        for name, value in values.items():
            total, weights = self.sums.get(name, (0.0, 0.0))
            self.sums[name] = (total + weight * value, weights + weight)

    def means(self) -> dict[str, float]:
        """The mean of each value."""
        return {name: total / weights for name, (total, weights) in self.sums.items()}


class Record:
    """Follows one metric: the best value so far, and for how many evaluations it has not been beaten."""

    def __init__(self, metric: str, mode: str) -> None:
        """Starts without a value; `mode` is `min` or `max`, what is better."""
        self.metric = metric
        self.best: float | None = None
        self.age = 0
        self._mode = mode

    def update(self, values: Mapping[str, float]) -> bool:
        """Takes the next evaluation; True when it is the best so far. NaN never is."""
        value = values[self.metric]
        if self._is_better(value):
            self.best, self.age = value, 0
            return True
        self.age += 1
        return False

    def _is_better(self, value: float) -> bool:
        if math.isnan(value) or (self.best is not None and math.isclose(value, self.best, rel_tol=_NOISE)):
            return False
        return self.best is None or (value < self.best if self._mode == "min" else value > self.best)
