"""`treadle gradcheck SPEC`: compares symbolic gradients with central differences in float64."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from treadle.autodiff.check import ParameterReport
from treadle.cli.options import DeviceOption, JsonOption, NameOption, SpecArgument
from treadle.cli.problems import EXIT_DIAGNOSTICS, show
from treadle.cli.tables import table
from treadle.errors import Diagnostic
from treadle.frontend.choice import choose_plan
from treadle.frontend.gallery import find_spec
from treadle.frontend.load import load_spec
from treadle.train.gradients import PhaseReport, check_gradients

ToleranceOption = Annotated[float, typer.Option("--tolerance", min=0.0, help="Largest relative difference.")]
SamplesOption = Annotated[
    int, typer.Option("--samples", metavar="N", min=1, help="Coordinates tried per parameter.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="Of values, coordinates and directions.")
]
BatchOption = Annotated[
    int, typer.Option("--batch", metavar="N", min=1, help="Examples in the random batch.")
]


def run(
    spec: SpecArgument,
    name: NameOption = None,
    tolerance: ToleranceOption = 1e-5,
    samples: SamplesOption = 10,
    seed: SeedOption = 0,
    batch: BatchOption = 3,
    device: DeviceOption = "numpy",
    as_json: JsonOption = False,
) -> None:
    """Compare gradients with central differences, parameter by parameter, on random inputs."""
    plan = choose_plan(load_spec(find_spec(spec)), name)
    reports = check_gradients(plan, seed=seed, batch=batch, samples=samples, device=device)
    if as_json:
        print(json.dumps({"phases": [asdict(report) for report in reports]}, indent=2))
    else:
        for report in reports:
            print(_as_text(report, tolerance))
    wrong = [(r.phase, one) for r in reports for one in r.parameters if not one.agrees(tolerance)]
    if wrong:
        message = ", ".join(f"{one.name} ({phase})" for phase, one in wrong)
        show([Diagnostic("E1012", f"gradients disagree: {message}")], as_json=False)
        raise typer.Exit(EXIT_DIAGNOSTICS)


def _as_text(report: PhaseReport, tolerance: float) -> str:
    head = ["parameter", "shape", "tried", "relative", "absolute", "direction", ""]
    return f"{report.phase}\n{table([head, *(_row(one, tolerance) for one in report.parameters)], left=2)}\n"


def _row(report: ParameterReport, tolerance: float) -> list[str]:
    return [
        report.name,
        str(list(report.shape)),
        str(report.checked),
        f"{report.max_rel_error:.1e}",
        f"{report.max_abs_error:.1e}",
        f"{report.direction_error:.1e}",
        "ok" if report.agrees(tolerance) else "differs",
    ]
