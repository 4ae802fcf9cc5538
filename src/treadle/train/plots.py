"""Pictures of runs: learning curves, sweeps, images side by side."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from treadle.train.events import Means

Array = npt.NDArray[Any]

_COUNTERS = frozenset({"epoch", "step", "seconds"})
_DECADES = 50  # from this ratio of the largest to the smallest on, a logarithmic axis shows more


def curve_picture(rows: Sequence[Means], suffix: str) -> bytes:
    """A picture (`png` or `svg`): the losses above, the other metrics below, over epochs, a line a split."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only at the end of a training

    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in _COUNTERS]
    panels = [part for part in (_losses(names), [n for n in names if n not in _losses(names)]) if part]
    figure = Figure(figsize=(7, 3 * max(1, len(panels))), layout="constrained")
    for axes, part in zip(figure.subplots(max(1, len(panels)), squeeze=False)[:, 0], panels, strict=False):
        for name in part:
            known = [row for row in rows if name in row]
            axes.plot([row["epoch"] for row in known], [row[name] for row in known], marker=".", label=name)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    return _printed(figure, suffix)


def comparison_picture(runs: Mapping[str, Sequence[Means]], suffix: str) -> bytes:
    """A picture (`png` or `svg`) of several runs by name: a panel per metric, a line per run."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows = [row for one in runs.values() for row in one]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in _COUNTERS]
    across = max(1, math.ceil(math.sqrt(len(names))))
    down = max(1, math.ceil(len(names) / across))
    figure = Figure(figsize=(5 * across, 3 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).flat
    for axes, metric in zip(panels, names, strict=False):
        for run, own in runs.items():
            known = [row for row in own if metric in row]
            axes.plot([row["epoch"] for row in known], [row[metric] for row in known], marker=".", label=run)
        axes.set(xlabel="epoch", ylabel=metric)
        axes.grid(alpha=0.3)
    for axes in list(panels):
        axes.axis("off")
    if names:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return _printed(figure, suffix)


def sweep_png(columns: Mapping[str, Sequence[Any]], scores: Sequence[float], metric: str) -> bytes:
    """A PNG of a sweep: the score of each trial over each varied value; over decades on a log axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only at the end of a sweep
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(4 * len(columns), 3.2), layout="constrained")
    for axes, (name, values) in zip(
        figure.subplots(1, len(columns), squeeze=False)[0], columns.items(), strict=True
    ):
        numbers = all(isinstance(value, int | float) for value in values)
        axes.scatter(values if numbers else [str(value) for value in values], scores, alpha=0.7)
        if numbers and values and min(values) > 0 and max(values) >= _DECADES * min(values):
            axes.set_xscale("log")
        axes.set(xlabel=name, ylabel=metric)
        axes.grid(alpha=0.3)
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def grid_png(images: Array) -> bytes:
    """A PNG of images [N, H, W] or [N, C, H, W] side by side; what is outside [0, 1] is scaled into it."""
    from matplotlib.image import imsave  # noqa: PLC0415 - only when pictures are made

    pixels = images[:, None] if images.ndim == 3 else images
    count, _, height, width = pixels.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    low, high = min(0.0, float(pixels.min())), max(1.0, float(pixels.max()))
    grid = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1, 3))
    for number, image in enumerate((pixels - low) / (high - low)):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        grid[top : top + height, left : left + width] = np.moveaxis(image, 0, -1)
    stream = io.BytesIO()
    imsave(stream, grid, format="png")
    return stream.getvalue()


def _printed(figure: Any, suffix: str) -> bytes:
    """The file of a figure; the same figure gives the same bytes."""
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415

    stream = io.BytesIO()
    if suffix == "svg":
        with rc_context({"svg.hashsalt": "treadle"}):
            FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None})
    else:
        FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def _losses(names: Sequence[str]) -> list[str]:
    return [name for name in names if "loss" in name]
