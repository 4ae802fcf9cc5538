"""`treadle check SPEC...`: parses and expands specs, without data and without compiling."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from treadle.cli.options import JsonOption, QuietOption
from treadle.cli.problems import EXIT_DIAGNOSTICS, show
from treadle.errors import Diagnostic, TreadleError
from treadle.errors.render import to_json
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.frontend.result import Checked

Result = tuple[Checked | None, list[Diagnostic]]

SpecArguments = Annotated[list[str], typer.Argument(metavar="SPEC...", help="Files or gallery names.")]
EmitOption = Annotated[
    str | None,
    typer.Option(
        "--emit", metavar="STAGE", help="Print a stage: ast, graph, grad, optimised, loops, cpu, cuda."
    ),
]
PrintAfterOption = Annotated[
    str | None, typer.Option("--print-after", metavar="PASS", help="Print the graph after a pass, or `all`.")
]


def run(
    specs: SpecArguments,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    emit: EmitOption = None,
    print_after: PrintAfterOption = None,
) -> None:
    """Find mistakes in specs, without data and without compiling."""
    results = [_check(spec) for spec in specs]
    problems = [problem for _, found in results for problem in found]
    if as_json:
        print(json.dumps(_as_json(specs, results), indent=2))
    else:
        _print(specs, results, quiet=quiet or bool(emit or print_after))
    if problems:
        raise typer.Exit(EXIT_DIAGNOSTICS)
    if emit or print_after:
        _show_stages(results, emit, print_after)


def _check(spec: str) -> Result:
    try:
        return load_spec(find_spec(spec)), []
    except TreadleError as error:
        return None, error.diagnostics


def _show_stages(results: Sequence[Result], emit: str | None, print_after: str | None) -> None:
    from treadle import driver  # noqa: PLC0415 - only checking must start fast

    for checked in (checked for checked, _ in results if checked is not None):
        if emit:
            print(driver.emit_stage(checked, emit), end="")
        if print_after:
            driver.print_passes(checked, print_after)


def _print(specs: list[str], results: Sequence[Result], *, quiet: bool) -> None:
    for spec, (checked, found) in zip(specs, results, strict=True):
        if found:
            show(found, as_json=False)
        elif checked is not None and not quiet:
            print(f"{spec}: {_described(checked)}")


def _described(checked: Checked) -> str:
    parts = [
        *(
            f"model {name} ({len(model.leaves)} parameters and states)"
            for name, model in checked.models.items()
        ),
        *(f"data {name}" for name in checked.datas),
        *(f"train {name}" for name in checked.trains),
    ]
    return ", ".join(parts) + ": no mistakes found" if parts else "no mistakes found"


def _as_json(specs: list[str], results: Sequence[Result]) -> dict[str, Any]:
    pairs = zip(specs, results, strict=True)
    return {
        "files": [{"spec": spec, "ok": not found} for spec, (_, found) in pairs],
        "diagnostics": [to_json(problem) for _, found in results for problem in found],
    }
