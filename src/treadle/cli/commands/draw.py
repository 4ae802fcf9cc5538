"""`treadle draw SPEC -o FILE`: a picture of the network."""

from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.options import ModelOption, QuietOption, SpecArgument
from treadle.errors import did_you_mean, fail
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.viz import WHATS, Wish, draw, subject_of

OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="A .svg, .png, .pdf, .dot or .html file."),
]
WhatOption = Annotated[str, typer.Option("--what", metavar="WHAT", help=f"One of: {', '.join(WHATS)}.")]
DepthOption = Annotated[
    int | None,
    typer.Option("--depth", metavar="N", min=1, help="Fold layers nested deeper than this; 99 folds none."),
]
OpenOption = Annotated[
    list[str] | None, typer.Option("--open", metavar="LAYER", help="Do not fold this layer; repeatable.")
]
CloseOption = Annotated[
    list[str] | None, typer.Option("--close", metavar="LAYER", help="Fold this layer; repeatable.")
]
PhaseOption = Annotated[
    str | None, typer.Option("--phase", metavar="NAME", help="Draw the objective of this phase of training.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


def run(
    spec: SpecArgument,
    output: OutputOption = None,
    what: WhatOption = "forward",
    model: ModelOption = None,
    depth: DepthOption = None,
    opened: OpenOption = None,
    closed: CloseOption = None,
    phase: PhaseOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw a network, its gradients, its kernels or its memory; svg, png and pdf need Graphviz."""
    if what not in WHATS:
        hint = did_you_mean(what, WHATS) or f"one of: {', '.join(WHATS)}"
        fail("E1003", f"`--what {what}` is not known", hint=hint)
    wish = Wish(what, depth, opened or (), closed or ())
    path = find_spec(spec)
    program = subject_of(load_spec(path), wish.what, model, phase)
    drawing = draw(program, output or Path(f"{path.stem}.svg"), wish, overwrite=force)
    noun = "buffers" if wish.what == "memory" else "boxes"
    if not quiet:
        print(f"{drawing.path}: {drawing.boxes} {noun}" + (f" ({drawing.note})" if drawing.note else ""))
