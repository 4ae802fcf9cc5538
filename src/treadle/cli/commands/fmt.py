"""`treadle fmt FILE...`: the uniform layout of specs, written back, compared or shown."""

import difflib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli.options import JsonOption, QuietOption
from treadle.cli.problems import EXIT_DIAGNOSTICS
from treadle.errors import fail
from treadle.frontend.format import format_source
from treadle.frontend.spec_files import read_spec
from treadle.source import Source

STANDARD_INPUT = "-"

FileArguments = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Files; `-` reads a spec and prints it formatted.")
]
CheckOption = Annotated[
    bool, typer.Option("--check", help="Change nothing; exit with 1 when something would change.")
]
DiffOption = Annotated[bool, typer.Option("--diff", help="Change nothing; print what would change.")]


def run(
    files: FileArguments,
    check: CheckOption = False,
    diff: DiffOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Format specs: indentation, spaces, empty lines, long lines; comments and columns stay."""
    pairs = [(source, format_source(source)) for source in map(_read, files)]
    changed = [(source, text) for source, text in pairs if source.text != text]
    if as_json:
        print(json.dumps({"files": [_as_json(source, text) for source, text in pairs]}, indent=2))
    if check or diff:
        if not as_json:
            _show(changed, diff=diff)
        raise typer.Exit(EXIT_DIAGNOSTICS if changed and check else 0)
    for source, text in pairs:
        if source.name == STANDARD_INPUT:
            print("" if as_json else text, end="")
        elif source.text != text:
            Path(source.name).write_text(text, encoding="utf-8")
            if not quiet and not as_json:
                print(f"{source.name}: formatted")


def _as_json(source: Source, text: str) -> dict[str, Any]:
    differs = source.text != text
    return {"file": source.name, "changes": differs, "difference": "".join(_difference(source, text))}


def _read(name: str) -> Source:
    if name == STANDARD_INPUT:
        return Source(name, sys.stdin.read())
    path = Path(name)
    if not path.exists():
        fail("E1001", f"{name} was not found")
    return Source(name, read_spec(path, name))


def _difference(source: Source, text: str) -> list[str]:
    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    return list(difflib.unified_diff(before, after, source.name, f"{source.name} (formatted)"))


def _show(changed: list[tuple[Source, str]], *, diff: bool) -> None:
    for source, text in changed if diff else ():
        print("".join(_difference(source, text)), end="")
    for source, _ in changed:
        print(f"{source.name}: would be formatted", file=sys.stderr)
