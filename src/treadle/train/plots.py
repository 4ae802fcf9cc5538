"""The learning curve of a run as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

from treadle.train.events import Means


def curve_png(rows: Sequence[Means]) -> bytes:
    """A PNG: the losses above, the other metrics below, over epochs; one line per split."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only at the end of a training
    from matplotlib.figure import Figure  # noqa: PLC0415

    names = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if name not in {"epoch", "seconds"}
    ]
    panels = [part for part in (_losses(names), [n for n in names if n not in _losses(names)]) if part]
    figure = Figure(figsize=(7, 3 * max(1, len(panels))), layout="constrained")
    for axes, part in zip(figure.subplots(max(1, len(panels)), squeeze=False)[:, 0], panels, strict=False):
        for name in part:
            known = [row for row in rows if name in row]
            axes.plot([row["epoch"] for row in known], [row[name] for row in known], marker=".", label=name)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)
    return stream.getvalue()


def _losses(names: Sequence[str]) -> list[str]:
    return [name for name in names if "loss" in name]
