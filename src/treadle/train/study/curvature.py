"""Curvature: extreme eigenvalues of the Hessian of the loss, and what they say about the point.

Small networks get all eigenvalues of the whole matrix; larger ones the extreme ones by Lanczos' method on
products. Input: a probe. Output: eigenvalues and a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treadle.train.study.probe import Probe, Vector

_WHOLE = 400  # weights up to which the matrix is made, a product for each column
_EXTREMES = 5
_FLAT = 1e-3  # an eigenvalue counts as zero below this part of the largest
_STEEP = 1e-2  # a gradient longer than this per unit of curvature is no critical point


@dataclass(frozen=True)
class Curvature:
    """Eigenvalues in rising order (all, or the extreme ones), and the verdict in words."""

    eigenvalues: Vector
    complete: bool
    gradient_norm: float
    verdict: str


def curvature(probe: Probe) -> Curvature:
    """The extreme curvatures of the loss at the trained weights."""
    count = probe.weights.size
    complete = count <= _WHOLE
    values = _all(probe, count) if complete else _extremes(probe, count)
    slope = float(np.linalg.norm(probe.flat(probe.gradients())))
    return Curvature(values, complete, slope, verdict(values, slope))


def verdict(eigenvalues: Vector, gradient_norm: float) -> str:
    """What a point is by the signs of its curvatures; where the gradient is not zero, what it is like."""
    largest = float(np.abs(eigenvalues).max(initial=0.0))
    kind = _kind(eigenvalues, largest)
    at_rest = gradient_norm <= _STEEP * max(largest, 1e-12)
    return kind if at_rest else f"on a slope, curved like a {kind}"


def _kind(eigenvalues: Vector, largest: float) -> str:
    falls, rises = eigenvalues < -_FLAT * largest, eigenvalues > _FLAT * largest
    if falls.any() and rises.any():
        return "saddle"
    if not falls.any() and not rises.any():
        return "plane"
    partly = "" if (falls | rises).all() else ", flat in some directions"
    return ("minimum" if rises.any() else "maximum") + partly


def _all(probe: Probe, count: int) -> Vector:
    columns = np.stack([probe.hessian_times(unit) for unit in np.eye(count)])
    return np.asarray(np.linalg.eigvalsh((columns + columns.T) / 2))


def _extremes(probe: Probe, count: int) -> Vector:
    from scipy.sparse.linalg import LinearOperator, eigsh  # noqa: PLC0415 - a third of a second to import

    start = np.random.default_rng(0).normal(size=count)
    matrix = LinearOperator((count, count), matvec=probe.hessian_times, dtype=np.float64)
    found = eigsh(matrix, k=2 * _EXTREMES, which="BE", v0=start, tol=1e-3, return_eigenvectors=False)
    return np.sort(np.asarray(found, np.float64))
