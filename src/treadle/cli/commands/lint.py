"""`treadle lint SPEC...`: what is allowed in a spec but hardly meant."""

import json
from typing import Annotated

import typer

from treadle.cli.options import JsonOption, QuietOption
from treadle.cli.problems import EXIT_DIAGNOSTICS, show
from treadle.errors.render import to_json
from treadle.frontend.gallery import find_spec
from treadle.frontend.lint import lint
from treadle.frontend.load import load_spec

SpecArguments = Annotated[list[str], typer.Argument(metavar="SPEC...", help="Files or gallery names.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Exit with 1 when something was found.")]


def run(
    specs: SpecArguments,
    as_json: JsonOption = False,
    strict: StrictOption = False,
    quiet: QuietOption = False,
) -> None:
    """Look for what is hardly meant: unused names, parameters without influence, softmax before its loss."""
    found = [finding for spec in specs for finding in lint(load_spec(find_spec(spec)))]
    if as_json:
        print(json.dumps({"findings": [to_json(finding) for finding in found]}, indent=2))
    elif found:
        show(found, as_json=False)
    elif not quiet:
        print("nothing found")
    if found and strict:
        raise typer.Exit(EXIT_DIAGNOSTICS)
