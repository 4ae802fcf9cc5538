"""The public way to a picture: graph in, file out.

Input: a graph (symbolic dimensions welcome). Output: a svg, png, pdf, dot or html file. Non-goals: specs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from treadle.driver import Program
from treadle.errors import did_you_mean, fail
from treadle.ir import Graph
from treadle.viz.build import SCENES
from treadle.viz.compose import compose
from treadle.viz.dot import picture_to_dot
from treadle.viz.folding import Folding, folding, layers_of
from treadle.viz.graphviz import render
from treadle.viz.group import group
from treadle.viz.picture import Picture
from treadle.viz.scene import Scene, What

READABLE = 60  # boxes that a picture has at most when no depth is asked for
FORMATS = ("svg", "png", "pdf", "dot", "html")
WHATS: tuple[What, ...] = ("forward", "backward", "joint", "second", "kernels", "memory")
_MANY_BOXES = 400


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
    content, boxes, note = _content(program, image_format, wish)
    _write(target, content)
    return Drawing(target, boxes, note)


def picture_text(subject: Graph | Program, wish: Wish = Wish()) -> str:
    """The picture in the dot language; see `draw`."""
    program = Program(subject) if isinstance(subject, Graph) else subject
    return picture_to_dot(_picture(_scene(program, wish.what), wish)[0])


def _content(program: Program, image_format: str, wish: Wish) -> tuple[bytes, int, str]:
    """The file, the number of boxes and the note."""
    scene = _scene(program, wish.what)
    picture, folded = _picture(scene, wish)
    boxes = len(picture.boxes)
    if image_format == "dot":
        return picture_to_dot(picture).encode(), boxes, folded
    rendered = render(
        lambda layout: picture_to_dot(picture, clusters=layout.clusters, beside=layout.beside),
        image_format,
        large=boxes > _MANY_BOXES,
    )
    return rendered.content, boxes, "; ".join(filter(None, (folded, rendered.note)))


def _scene(program: Program, what: What) -> Scene:
    return SCENES[what](program.graph)


def _picture(scene: Scene, wish: Wish) -> tuple[Picture, str]:
    """The picture, and what was folded without being asked for."""
    folds = folding(scene.elements, wish.depth, wish.opened, wish.closed)
    groups = group(scene.elements, folds, chains=wish.chains)
    note = ""
    if wish.depth is None and len(groups) > READABLE:
        for depth in _depths(scene):
            folds = Folding(depth, folds.opened, folds.closed)
            groups = group(scene.elements, folds, chains=wish.chains)
            note = f"folded at depth {depth}; `--depth` shows more or less"
            if len(groups) <= READABLE:
                break
    return compose(scene, groups), note


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
