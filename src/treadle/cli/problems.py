"""What a person sees when something goes wrong: diagnostics on stderr, as text or JSON, and the exit code."""

import json
import sys
import traceback
from collections.abc import Iterable

import click

from treadle.cli.streams import coloured
from treadle.cli.usage import usage_problem
from treadle.errors import Diagnostic, TreadleError
from treadle.errors.render import to_json, to_text

EXIT_DONE = 0
EXIT_DIAGNOSTICS = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_BOLD, _RED, _YELLOW, _BLUE, _RESET = "\033[1m", "\033[31m", "\033[33m", "\033[34m", "\033[0m"


def report(error: BaseException, *, as_json: bool, debug: bool) -> int:
    """Prints the error and returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return EXIT_USAGE
    if isinstance(error, click.ClickException):
        show([usage_problem(error)], as_json=as_json)
        return EXIT_USAGE
    if debug and not isinstance(error, TreadleError):
        traceback.print_exception(error)
    found = error.diagnostics if isinstance(error, TreadleError) else [_internal(error)]
    show(found, as_json=as_json)
    return EXIT_DIAGNOSTICS


def show(found: Iterable[Diagnostic], *, as_json: bool) -> None:
    """Prints diagnostics: text on stderr, or one JSON document on stdout."""
    if as_json:
        print(json.dumps({"diagnostics": [to_json(diagnostic) for diagnostic in found]}, indent=2))
        return
    colour = coloured(sys.stderr)
    print(
        "\n\n".join(_coloured(to_text(one), one) if colour else to_text(one) for one in found),
        file=sys.stderr,
    )


def _internal(error: BaseException) -> Diagnostic:
    if isinstance(error, MemoryError):
        hint = "a smaller batch, fewer examples or a smaller network need less"
        return Diagnostic("E0908", f"there is not enough memory: {error}", hint=hint)
    return Diagnostic(
        "E1101",
        f"internal error: {type(error).__name__}: {error}",
        hint="please report it with the spec; `--debug` shows the traceback to attach",
    )


def _coloured(text: str, diagnostic: Diagnostic) -> str:
    head, _, rest = text.partition("\n")
    strong = _RED if diagnostic.severity == "error" else _YELLOW
    label, _, message = head.partition(":")
    lines = [_coloured_line(line, strong) for line in rest.split("\n")] if rest else []
    return "\n".join([f"{_BOLD}{strong}{label}{_RESET}{_BOLD}:{message}{_RESET}", *lines])


def _coloured_line(line: str, strong: str) -> str:
    gutter, bar, rest = line.partition("|")
    if bar and set(rest.strip()) <= {"^"} and rest.strip():
        return f"{_BLUE}{gutter}|{_RESET}{strong}{rest}{_RESET}"
    if bar and gutter.strip().isdecimal() | (not gutter.strip()):
        return f"{_BLUE}{gutter}|{_RESET}{rest}"
    return line
