"""Options that several commands share, so that they mean and say the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC", help="A .tdl file, or the name of a gallery spec.")
]
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN|SPEC", help="A run folder, or a spec together with --weights.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for tools.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of the data files.")]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="`cpu` and `cuda` (a GPU) compile kernels; `numpy` interprets, slowly.",
    ),
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", metavar="N", min=1, help="Threads; all cores by default.")
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Which train block or model, when the spec has several."),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Which model, when the spec has several.")
]
WeightsOption = Annotated[
    Path | None, typer.Option("--weights", metavar="FILE", help="A run folder or a .safetensors file.")
]
