"""The chart of a memory plan: time from left to right, addresses upwards, a rectangle for each buffer.

Input: a `MemoryMap` and a format. Output: the bytes of a picture. Imports matplotlib, so it is imported late.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MultipleLocator

from treadle.backends.protocol import bytes_text
from treadle.viz.memory import Block, MemoryMap
from treadle.viz.scene import Part

CHART_FORMATS = ("svg", "png", "pdf")
_LOOKS = {  # fill and hatch: each is told from the others without colour
    Part.FORWARD: ("#cfe2f7", ""),
    Part.BACKWARD: ("#f7d9d0", "////"),
    Part.UPDATE: ("#d5ead9", "||"),
}
_LASTING_HATCHES = ("", "////", "||", "xx", "--")
_WORDS = {
    Part.FORWARD: "filled forward",
    Part.BACKWARD: "filled backward",
    Part.UPDATE: "filled by the update",
}
_LETTERS_ACROSS, _LETTERS_UP = 150, 80  # that fit side by side in the chart, and above each other
_SMALLEST_PART = 0.08  # of the width
_SMALLEST_LABEL = 0.028  # of the height of the chart


def chart(memory: MemoryMap, image_format: str) -> bytes:
    """The chart as svg, png or pdf; the same bytes for the same plan."""
    with rc_context(
        {"svg.hashsalt": "treadle", "svg.fonttype": "none", "hatch.linewidth": 0.4, "font.size": 9}
    ):
        figure = Figure(figsize=(11, 6.5), layout="constrained")
        arena, lasting = figure.subplots(1, 2, width_ratios=(8, 1))
        _draw_arena(arena, memory)
        _draw_lasting(lasting, memory)
        figure.suptitle("\n".join(filter(None, (memory.title, memory.note))))
        FigureCanvasAgg(figure)
        stream = io.BytesIO()
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(image_format)
        figure.savefig(stream, format=image_format, dpi=130, metadata=metadata)
    return stream.getvalue()


def _draw_arena(axes: Any, memory: MemoryMap) -> None:
    for block in memory.blocks:
        fill, hatch = _LOOKS[block.part]
        corner, width = (block.first - 0.5, block.offset), block.last - block.first + 1
        axes.add_patch(
            Rectangle(corner, width, block.size, facecolor=fill, hatch=hatch, edgecolor="#404040", lw=0.6)
        )
        if block.size > _SMALLEST_LABEL * memory.arena:
            _label(axes, block, width / len(memory.live), block.size / memory.arena)
    axes.set(xlim=(-0.5, len(memory.live) - 0.5), ylim=(0, max(memory.arena, 1) * 1.16))
    axes.set(xlabel="call, in order", ylabel="address in the arena")
    _number(axes.yaxis, memory.arena)
    _mark_peak(axes, memory)
    _mark_parts(axes, memory)


def _label(axes: Any, block: Block, width: float, height: float) -> None:
    """Name and size where there is room, upright where the block is; shares are of the whole chart."""
    words = f"{block.name} {bytes_text(block.size)}"
    across, up = int(_LETTERS_ACROSS * width), int(_LETTERS_UP * height)
    fits = len(words) <= across
    if not fits and len(words) > up:
        words = block.name
        fits = len(words) <= across
    if fits or len(words) <= up:
        middle = ((block.first + block.last) / 2, block.offset + block.size / 2)
        box = {"facecolor": "white", "alpha": 0.75, "pad": 0.6, "lw": 0}
        angle = 0 if fits else 90
        axes.text(
            *middle, words, ha="center", va="center", rotation=angle, fontsize=7, bbox=box, parse_math=False
        )


def _number(axis: Any, most: int) -> None:
    """Marks at round numbers of bytes: multiples of a power of two."""
    step = 2 ** max(0, (max(most, 1) // 8).bit_length())
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(FuncFormatter(lambda value, _: bytes_text(int(value))))


def _mark_peak(axes: Any, memory: MemoryMap) -> None:
    most = max(memory.live, default=0)
    axes.step(range(len(memory.live)), memory.live, where="mid", color="black", lw=1.2, label="bytes in use")
    axes.axhline(memory.arena, color="black", ls="--", lw=0.8)
    size = f"arena {bytes_text(memory.arena)}; at most {bytes_text(most)} in use, at call {memory.peak}"
    axes.text(0, memory.arena * 1.01, size, va="bottom", fontsize=8)
    axes.plot(memory.peak, most, "v", color="black", ms=7, label="peak")


def _mark_parts(axes: Any, memory: MemoryMap) -> None:
    used = {block.part for block in memory.blocks}
    looks = [
        Patch(fc=_LOOKS[p][0], hatch=_LOOKS[p][1], ec="#404040", label=_WORDS[p]) for p in _LOOKS if p in used
    ]
    handles = [*looks, *axes.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, loc="upper right", fontsize=7, ncols=len(handles), framealpha=0.9)
    for _, _, last in memory.parts[:-1]:
        axes.axvline(last + 0.5, color="#8a8a8a", ls=":", lw=1)
    for part, first, last in memory.parts:
        if last - first + 1 > _SMALLEST_PART * len(memory.live):
            axes.text(
                (first + last) / 2, memory.arena * 1.045, part.value, ha="center", va="bottom", fontsize=8
            )


def _draw_lasting(axes: Any, memory: MemoryMap) -> None:
    """One bar of what stays in memory beside the arena."""
    bottom = 0
    for number, (kind, size) in enumerate(memory.lasting.items()):
        hatch = _LASTING_HATCHES[number]
        axes.bar(
            0, size, 0.8, bottom, fc="#f2f2f2", ec="#404040", hatch=hatch, label=f"{kind} {bytes_text(size)}"
        )
        bottom += size
    axes.set(xticks=[], xlabel="all the time", title=bytes_text(bottom))
    _number(axes.yaxis, bottom)
    axes.yaxis.tick_right()
    if memory.lasting:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), fontsize=7, frameon=False)
