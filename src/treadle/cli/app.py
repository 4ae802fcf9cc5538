"""The entry point `treadle`: commands are imported when they are called, so that `check` starts fast.

Exit codes: 0 done; 1 the spec, a file or the training is wrong (diagnostics on stderr); 2 the command line
is wrong; 130 interrupted; 141 nobody reads the output any more. No Python traceback unless `--debug` stands
on the command line.
"""

import gc
import json
import sys
from typing import Annotated

import typer

from treadle import __version__
from treadle.cli.completion import FLAG, complete
from treadle.cli.lazy import LazyCommands
from treadle.cli.problems import EXIT_DONE, report
from treadle.cli.streams import leave_pipe, write_any_character

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


def _print_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        print(json.dumps({"version": __version__}) if context.params["as_json"] else f"treadle {__version__}")
        raise typer.Exit


@app.callback()
def treadle(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, help="Print the version.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", is_eager=True, help="With --version: print JSON.")
    ] = False,
) -> None:
    """Compile, draw and train neural networks written as readable specs."""


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and leaves the process with its exit code."""
    gc.set_threshold(_COLLECT_EVERY)
    write_any_character()
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_completions(words[1:]) if words[:1] == [FLAG] else _ended(words))


def _completions(words: list[str]) -> int:
    """Answers a shell that completes a line."""
    for candidate in complete(words):
        print(candidate)
    return EXIT_DONE


def _ended(words: list[str]) -> int:
    """Runs a command line; returns its exit code."""
    debug, as_json = "--debug" in words, "--json" in words
    kept = [word for word in words if word != "--debug"]
    try:
        code = app(kept, prog_name="treadle", standalone_mode=False)
        if not sys.stdout.closed:  # a language server closes it at its end
            sys.stdout.flush()
    except SystemExit as end:
        return leave_pipe() if isinstance(end.__context__, BrokenPipeError) else int(end.code or EXIT_DONE)
    except BrokenPipeError:
        return leave_pipe()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where every error ends
        return report(error, as_json=as_json, debug=debug)
    return int(code or EXIT_DONE)
