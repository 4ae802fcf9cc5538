"""Pictures of studies: the arrays that `train.study` computes, as PNG files in memory."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from treadle.train.study.curvature import Curvature
from treadle.train.study.looks import Regions
from treadle.train.study.surface import Surface

Array = npt.NDArray[Any]

_MAX_PICTURES = 32


def regions_png(regions: Regions, points: Array, labels: Array | None) -> bytes:
    """The answers over the plane as colours, with the data on them."""
    figure = Figure(figsize=(5, 4.4), layout="constrained")
    axes = figure.subplots()
    shown = axes.pcolormesh(regions.x, regions.y, regions.answers, cmap="coolwarm", alpha=0.5, shading="auto")
    colours = "black" if labels is None or labels.ndim != 1 else labels
    axes.scatter(
        points[:, 0], points[:, 1], c=colours, cmap="coolwarm", edgecolors="black", s=14, linewidths=0.4
    )
    figure.colorbar(shown, ax=axes)
    return _png(figure)


def surface_png(surface: Surface) -> bytes:
    """Lines of equal loss around the weights, which are the cross in the middle."""
    figure = Figure(figsize=(5, 4.4), layout="constrained")
    axes = figure.subplots()
    shown = axes.contourf(surface.steps, surface.steps, surface.losses, levels=25, cmap="viridis")
    axes.plot(0, 0, "x", color="white")
    first = "gradient" if surface.directions == "gradient" else "first random direction"
    axes.set(xlabel=first, ylabel="second direction", title="loss")
    figure.colorbar(shown, ax=axes)
    return _png(figure)


def curvature_png(curvature: Curvature) -> bytes:
    """The eigenvalues in order, those below zero in another colour."""
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(curvature.eigenvalues))
    below = curvature.eigenvalues < 0
    axes.bar(places[~below], curvature.eigenvalues[~below], color="tab:blue")
    axes.bar(places[below], curvature.eigenvalues[below], color="tab:red")
    axes.set(ylabel="eigenvalue of the Hessian", title=curvature.verdict)
    return _png(figure)


def flow_png(norms: Mapping[str, float]) -> bytes:
    """The length of the gradient of each parameter, on a logarithmic scale, in the order of the network."""
    figure = Figure(figsize=(6, 1 + 0.25 * len(norms)), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(norms), [max(value, 1e-12) for value in norms.values()])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="root mean square of the gradient")
    return _png(figure)


def pictures_png(groups: Mapping[str, Array]) -> bytes:
    """A row of pictures [n, height, width] for each name; each is scaled by itself, at most 32 in a row."""
    rows = list(groups.items())
    columns = max(min(len(pictures), _MAX_PICTURES) for _, pictures in rows)
    columns = min(columns, max(8, math.isqrt(columns)))
    figure = Figure(figsize=(1.1 * columns + 1, 1.25 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, pictures) in zip(grid, rows, strict=True):
        for number, axes in enumerate(line):
            axes.set_axis_off()
            if number < len(pictures):
                axes.imshow(pictures[number], cmap="gray", aspect="auto" if len(pictures) == 1 else "equal")
        line[0].set_title(name, fontsize=7, loc="left")
    return _png(figure)


def _png(figure: Any) -> bytes:
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()
