"""Model bodies, one or more for each schedule of the CUDA backend, with small and large inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """A model body and the shapes of its inputs, small enough for the simulator, and large.

    Inputs named `i` are indices below the first extent of `a`.
    """

    body: str
    small: Mapping[str, Shape]
    large: Mapping[str, Shape]

    def text_for(self, inputs: Mapping[str, np.ndarray]) -> str:
        """The body with its inputs declared."""
        kinds = {"i": "i64", "f": "f32"}
        declared = (
            f"input {name}: {kinds[array.dtype.kind]}[{', '.join(map(str, array.shape))}]"
            for name, array in inputs.items()
        )
        return "\n".join([*declared, self.body])


PROBLEMS = {
    "elementwise": Problem(
        "output y = tanh(a) * b + 1", {"a": (37, 11), "b": (11,)}, {"a": (3001, 777), "b": (777,)}
    ),
    "vectors": Problem(
        "output y = a * b", {"a": (129, 4), "b": (129, 4)}, {"a": (4096, 1024), "b": (4096, 1024)}
    ),
    "short_rows": Problem("output y = softmax(a)", {"a": (9, 33)}, {"a": (4099, 65)}),
    "long_rows": Problem("output y = softmax(a)", {"a": (3, 1025)}, {"a": (131, 50_257)}),
    "columns": Problem("output y = sum(a, axis = 0)", {"a": (67, 41)}, {"a": (10_007, 513)}),
    "whole": Problem("output y = mean(a * a)", {"a": (5, 1031)}, {"a": (1031, 4099)}),
    "gather": Problem("output y = a[i]", {"a": (7, 13), "i": (29,)}, {"a": (10_007, 129), "i": (4099,)}),
    "scatter": Problem(
        "output y = grad(sum(a[i] * a[i]), a)",
        {"a": (7, 13), "i": (29,)},
        {"a": (10_007, 129), "i": (4099,)},
    ),
    "argmax": Problem("output y = argmax(minimum(a, 0), axis = -1)", {"a": (5, 70)}, {"a": (4099, 1000)}),
    "normalisation": Problem("output y = standardise(a, [-1], 1e-5)", {"a": (5, 70)}, {"a": (4099, 1000)}),
    "gradient": Problem("output y = grad(sum(softmax(a)^3), a)", {"a": (5, 70)}, {"a": (4099, 1000)}),
    "running_sum": Problem("output y = cumsum(a, axis = 0)", {"a": (9, 35)}, {"a": (257, 1023)}),
    "pooling": Problem("output y = max_pool(a, 2)", {"a": (2, 3, 7, 9)}, {"a": (33, 31, 57, 63)}),
}


def inputs_of(problem: Problem, *, large: bool = False) -> dict[str, np.ndarray]:
    """Random inputs, always the same; floats are multiples of 1/8, so that some are equal."""
    shapes = problem.large if large else problem.small
    random = np.random.default_rng(5)
    return {
        name: random.integers(0, shapes["a"][0], shape)
        if name == "i"
        else (np.round(random.standard_normal(shape) * 8) / 8).astype(np.float32)
        for name, shape in shapes.items()
    }
