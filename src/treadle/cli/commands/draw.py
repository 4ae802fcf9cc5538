"""`treadle draw SPEC -o FILE`: a picture of the network."""

from pathlib import Path
from typing import Annotated

import typer

from treadle.cli.options import ModelOption, SpecArgument
from treadle.cli.plans import choose_model, choose_phase
from treadle.cli.specs import find_spec
from treadle.frontend.load import load_spec
from treadle.viz import draw

OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="A .svg, .png, .pdf or .dot file.")
]
BackwardOption = Annotated[bool, typer.Option("--backward", help="Draw the gradients as well.")]
DepthOption = Annotated[
    int | None, typer.Option("--depth", min=1, help="Fold layers nested deeper than this.")
]
PhaseOption = Annotated[
    str | None, typer.Option("--phase", help="Draw the objective of this phase of training.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing file.")]


def run(
    spec: SpecArgument,
    output: OutputOption = None,
    model: ModelOption = None,
    backward: BackwardOption = False,
    depth: DepthOption = None,
    phase: PhaseOption = None,
    force: ForceOption = False,
) -> None:
    """Draw a network, forward or with its gradients; svg, png and pdf need Graphviz.

    Examples: treadle draw lenet -o lenet.svg | treadle draw net.tdl --backward -o net.pdf
    """
    path = find_spec(spec)
    checked = load_spec(path)
    chosen = choose_model(checked, model) if phase is None else choose_phase(checked, phase)
    target = output or Path(f"{path.stem}.svg")
    drawing = draw(chosen.graph, target, "backward" if backward else "forward", depth, overwrite=force)
    print(f"{drawing.path}: {drawing.boxes} boxes" + (f" ({drawing.note})" if drawing.note else ""))
