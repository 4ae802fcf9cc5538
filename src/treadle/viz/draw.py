"""The public way to a picture: graph in, file out.

Input: a graph (symbolic dimensions welcome). Output: a dot, svg, png or pdf file. Non-goals: reading specs.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from treadle.errors import did_you_mean, fail
from treadle.ir import Graph
from treadle.viz.backward import backward_nodes, with_gradients
from treadle.viz.dot import picture_to_dot
from treadle.viz.graphviz import render
from treadle.viz.group import group
from treadle.viz.picture import compose
from treadle.viz.scene import flatten

What = Literal["forward", "backward"]
_MANY_BOXES = 400
FORMATS = ("dot", "svg", "png", "pdf")


@dataclass(frozen=True)
class Drawing:
    """What was written. `note` says what the layout gave up to be done in time, if anything."""

    path: Path
    boxes: int
    note: str


def draw(
    graph: Graph,
    path: str | Path,
    what: What = "forward",
    depth: int | None = None,
    *,
    chains: bool = True,
    overwrite: bool = False,
) -> Drawing:
    """Draws a graph; the ending of `path` chooses the format.

    Args:
        graph: a model's graph.
        path: a file ending in .dot, .svg, .png or .pdf.
        what: "forward", or "backward" for the gradients of the loss beside the forward graph.
        depth: folds layers nested at least this deep into one box each; None folds none.
        chains: whether chains of simple ops share a box.
        overwrite: whether an existing file is replaced.

    Raises:
        TreadleError: E1010 for an unknown ending, E1004 for an existing file, E1003 for a depth below 1,
            E1005 when there is no loss to differentiate, E1002 and E1013 when Graphviz is missing or fails.
    """
    target = Path(path)
    image_format = _format_of(target)
    if target.exists() and not overwrite:
        fail("E1004", f"{target} already exists", hint="choose another name, or replace it with `--force`")
    text = picture_text(graph, what, depth, chains=chains)
    boxes = text.count("tooltip=")
    content, note = text.encode(), ""
    if image_format != "dot":
        rendered = render(text, image_format, large=boxes > _MANY_BOXES)
        content, note = rendered.content, rendered.note
    _write(target, content)
    return Drawing(target, boxes, note)


def picture_text(
    graph: Graph, what: What = "forward", depth: int | None = None, *, chains: bool = True
) -> str:
    """The picture in the dot language; see `draw`."""
    if depth is not None and depth < 1:
        fail("E1003", f"depth {depth} is too small", hint="depth 1 shows one box per layer of the model")
    if what == "backward":
        graph = with_gradients(graph)
    backward = backward_nodes(graph) if what == "backward" else frozenset[int]()
    elements = flatten(graph, graph.outputs, backward)
    groups = group(elements, depth=depth, chains=chains)
    return picture_to_dot(compose(_title(graph, what), groups))


def _title(graph: Graph, what: What) -> str:
    return f"{graph.name}, forward and backward" if what == "backward" else graph.name


def _format_of(path: Path) -> str:
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        named = f"the ending `.{ending}`" if ending else "no ending"
        fail(
            "E1010",
            f"{path} has {named}; pictures are written as {', '.join(FORMATS)}",
            hint=did_you_mean(ending, FORMATS) or "end the name in .svg",
        )
    return ending


def _write(path: Path, content: bytes) -> None:
    """Writes all or nothing, so that an interrupted run leaves no half picture."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        fail("E1006", f"{path} cannot be written: {error.strerror or error}")
