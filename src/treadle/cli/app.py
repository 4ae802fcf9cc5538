"""The entry point `treadle`: commands are imported when they are called, so that `check` starts fast.

Exit codes: 0 done; 1 the spec, a file or the training is wrong (diagnostics on stderr); 2 the command line
is wrong; 130 interrupted. No Python traceback unless `--debug` stands on the command line.
"""

import gc
import sys
from typing import Annotated

import typer

from treadle import __version__
from treadle.cli.lazy import LazyCommands
from treadle.cli.problems import report

# Modules, trees and graphs make many objects and few cycles: looking for these took a tenth of `check`.
_COLLECT_EVERY = 50_000

_EPILOG = (
    "SPEC is a file or the name of a gallery spec, such as digits_mlp. "
    "Exit codes: 0 done, 1 something is wrong with the spec or its data, "
    "2 wrong command line, 130 interrupted. "
    "`--debug` shows the Python traceback of an internal error."
)

app = typer.Typer(
    name="treadle",
    cls=LazyCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"treadle {__version__}")
        raise typer.Exit


@app.callback()
def treadle(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Compile, draw and train neural networks written as readable specs."""


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and leaves the process with its exit code."""
    gc.set_threshold(_COLLECT_EVERY)
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        app([word for word in words if word != "--debug"], prog_name="treadle")
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where every error ends
        sys.exit(report(error, as_json="--json" in words, debug=debug))
