"""The public way to a picture: graph in, file out.

Input: a graph (symbolic dimensions welcome). Output: a svg, png, pdf, dot or html file. Non-goals: specs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from treadle.driver import Program
from treadle.errors import did_you_mean, fail
from treadle.ir import Graph
from treadle.viz.build import SCENES
from treadle.viz.columns import in_columns
from treadle.viz.compose import compose
from treadle.viz.cycles import without_cycles
from treadle.viz.dot import picture_to_dot
from treadle.viz.folding import Folding, folding, layers_of
from treadle.viz.graphviz import render
from treadle.viz.group import Group, group
from treadle.viz.kernels import kernel_scene
from treadle.viz.memory import memory_map
from treadle.viz.picture import Picture
from treadle.viz.scene import Path as LayerPath
from treadle.viz.scene import Scene, What

READABLE = 60  # boxes that a picture has at most when no depth is asked for
FORMATS = ("svg", "png", "pdf", "dot", "html")
WHATS: tuple[What, ...] = ("forward", "backward", "joint", "second", "kernels", "memory")
_MANY_BOXES = 400
_IN_COLUMNS = {"forward", "backward", "joint"}  # others are as wide as they are tall


@dataclass(frozen=True)
class Wish:
    """How much of a graph is shown.

    Attributes:
        what: see `docs/pictures.md`.
        depth: folds layers nested at least this deep into one box each; None chooses one.
        opened: names of layers that are not folded.
        closed: names of layers that are.
        chains: whether chains of simple ops share a box.
    """

    what: What = "forward"
    depth: int | None = None
    opened: Sequence[str] = ()
    closed: Sequence[str] = ()
    chains: bool = True


@dataclass(frozen=True)
class Drawing:
    """What was written. `note` says what is folded and what the layout gave up, if anything."""

    path: Path
    boxes: int
    note: str


def draw(
    subject: Graph | Program, path: str | Path, wish: Wish = Wish(), *, overwrite: bool = False
) -> Drawing:
    """Draws a graph; the ending of `path` chooses the format.

    Args:
        subject: a model's graph; with sizes, which kernels and memory need.
        path: a file ending in .svg, .png, .pdf, .dot or .html.
        wish: what is shown of it.
        overwrite: whether an existing file is replaced.

    Raises:
        TreadleError: E1010 for an unknown ending, E1004 for an existing file, E1003 for a depth below 1 or an
            unknown layer, E1005 when there is no loss to differentiate, E1002 and E1013 when Graphviz is
            missing or fails.
    """
    target = Path(path)
    image_format = _format_of(target)
    if target.exists() and not overwrite:
        fail("E1004", f"{target} already exists", hint="choose another name, or replace it with `--force`")
    program = Program(subject) if isinstance(subject, Graph) else subject
    content, boxes, note = picture_bytes(program, image_format, wish)
    _write(target, content)
    return Drawing(target, boxes, note)


def picture_text(subject: Graph | Program, wish: Wish = Wish()) -> str:
    """The picture in the dot language; see `draw`."""
    program = Program(subject) if isinstance(subject, Graph) else subject
    scene = _scene(program, wish.what)
    return picture_to_dot(_composed(scene, _folding(scene, wish)[0], wish))


def picture_bytes(program: Program, image_format: str, wish: Wish) -> tuple[bytes, int, str]:
    """What a file of this format holds, the number of boxes, and the note; raises as `draw` does."""
    if wish.what == "memory":
        return _memory(program, image_format)
    scene = _scene(program, wish.what)
    folds, note = _folding(scene, wish)
    picture = _composed(scene, folds, wish)
    boxes = len(picture.boxes)
    if image_format == "html":
        from treadle.viz.html import html_page  # noqa: PLC0415 - only pages need their scripts

        is_open = partial(_is_open, folds)
        return html_page(scene, program, is_open).encode(), boxes, note
    if image_format == "dot":
        return picture_to_dot(picture).encode(), boxes, note
    rendered = render(
        lambda layout: picture_to_dot(picture, clusters=layout.clusters, beside=layout.beside),
        image_format,
        columns=picture.columns,
        large=boxes > _MANY_BOXES,
    )
    return rendered.content, boxes, "; ".join(filter(None, (note, rendered.note)))


def _memory(program: Program, image_format: str) -> tuple[bytes, int, str]:
    """The chart of the memory plan."""
    if image_format == "dot":
        fail("E1010", "memory is a chart, not a graph, which dot cannot say", hint="end the name in .svg")
    from treadle.viz.memory_chart import chart  # noqa: PLC0415 - importing matplotlib takes a second

    memory = memory_map(program)
    content = chart(memory, "svg" if image_format == "html" else image_format)
    if image_format == "html":
        from treadle.viz.html import html_chart  # noqa: PLC0415 - only pages need their scripts

        content = html_chart(memory.title, content.decode()).encode()
    return content, len(memory.blocks), ""


def _scene(program: Program, what: What) -> Scene:
    return kernel_scene(program) if what == "kernels" else SCENES[what](program.graph)


def _folding(scene: Scene, wish: Wish) -> tuple[Folding, str]:
    """Which layers are folded, and what was folded without being asked for."""
    folds = folding(scene.elements, wish.depth, wish.opened, wish.closed)
    if wish.depth is not None or len(_groups(scene, folds, wish)) <= READABLE:
        return folds, ""
    for depth in _depths(scene):
        folds = replace(folds, depth=depth)
        if len(_groups(scene, folds, wish)) <= READABLE:
            break
    return folds, f"folded at depth {folds.depth}; `--depth` shows more or less" if folds.depth else ""


def _groups(scene: Scene, folds: Folding, wish: Wish) -> list[Group]:
    return group(scene.elements, folds, chains=wish.chains and scene.what != "kernels")  # a call stays alone


def _composed(scene: Scene, folds: Folding, wish: Wish) -> Picture:
    picture = without_cycles(compose(scene, _groups(scene, folds, wish)))
    return in_columns(picture) if scene.what in _IN_COLUMNS else picture


def _is_open(folds: Folding, layer: LayerPath) -> bool:
    return folds.folded(layer) is None


def _depths(scene: Scene) -> Sequence[int]:
    """The depths at which something is folded, the deepest first."""
    return range(max(map(len, layers_of(scene.elements)), default=0), 0, -1)


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
