"""`treadle runs`: lists the runs of a folder, or compares some of them."""

import json
import math
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli.options import JsonOption
from treadle.cli.tables import number, table
from treadle.errors import did_you_mean, fail
from treadle.train.comparison import Comparison, compare
from treadle.train.files import write_atomically
from treadle.train.plots import comparison_picture
from treadle.train.run_list import RunSummary, find_runs, read_run

_PICTURES = ("png", "svg")
_WIDTH, _LINE = 44, 120  # characters of a setting in a table, and of how a run failed


class Order(StrEnum):
    """What the list is sorted by."""

    STARTED = "started"
    NAME = "name"
    SPEC = "spec"
    STATE = "state"
    EPOCHS = "epochs"
    BEST = "best"


RunsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[RUN]...", help="Runs to compare; without any, all are listed.")
]
FolderOption = Annotated[Path, typer.Option("--in", metavar="DIR", help="The folder of the runs.")]
SpecOption = Annotated[
    str | None, typer.Option("--spec", metavar="SPEC", help="Only runs of this spec (its name or path).")
]
SortOption = Annotated[
    Order, typer.Option("--sort", metavar="ORDER", help=f"Sort the list by: {', '.join(Order)}.")
]
PlotOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the curves as a .png or .svg.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the picture.")]


def run(
    runs: RunsArgument = None,
    folder: FolderOption = Path("runs"),
    spec: SpecOption = None,
    sort: SortOption = Order.STARTED,
    plot: PlotOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """List runs, or compare some: the settings in which they differ, and their metrics."""
    paths = [_find(name, folder) for name in runs] if runs else find_runs(folder)
    found = [one for one in map(read_run, paths) if spec is None or _is_of(one, spec)]
    if not runs:
        found.sort(key=lambda one: _key(one, sort))
    compared = compare(found) if runs else None
    if plot is not None:
        _draw(found, plot, force=force)
    if as_json:
        print(json.dumps(_to_json(found, compared), indent=2))
    elif compared is not None:
        print(_comparison_text(found, compared))
    else:
        print(_list_text(found) if found else f"there are no runs in {folder}")


def _find(name: str, folder: Path) -> Path:
    """A run folder by its path, or by its name below the folder of runs."""
    for path in (Path(name), folder / name):
        if path.is_dir():
            return path
    hint = did_you_mean(name, [path.name for path in find_runs(folder)]) or "`treadle runs` lists all"
    fail("E0801", f"there is no run `{name}`, here or in {folder}", hint=hint)


def _is_of(one: RunSummary, spec: str) -> bool:
    return spec in {one.spec, Path(one.spec).name, Path(one.spec).stem}


def _key(one: RunSummary, order: Order) -> Any:
    values = {
        Order.STARTED: one.started,
        Order.NAME: one.name,
        Order.SPEC: (one.spec, one.started),
        Order.STATE: (one.state, one.started),
        Order.EPOCHS: one.epochs,
        Order.BEST: (one.spec, one.best is None, one.best_first),
    }
    return values[order]


def _list_text(found: list[RunSummary]) -> str:
    rows: list[tuple[str, ...]] = [("run", "spec", "started", "state", "epochs", "best", "")]
    for one in found:
        best = (
            ("-", "") if one.best is None else (number(one.best), f"{one.metric} in epoch {one.best_epoch}")
        )
        started = one.started[:16].replace("T", " ")
        rows.append((one.name, Path(one.spec).stem, started, one.state, str(one.epochs), *best))
    return table(rows, left=4) + _problems(found)


def _comparison_text(found: list[RunSummary], compared: Comparison) -> str:
    head = ("", *(one.name for one in found))
    basics = [
        ("started", *(one.started[:16].replace("T", " ") for one in found)),
        ("state", *(one.state for one in found)),
        ("epochs done", *(str(one.epochs) for one in found)),
        ("seconds", *(f"{one.seconds:.1f}" for one in found)),
    ]
    settings = [(name, *(_cut(value) for value in row)) for name, row in compared.settings.items()]
    metrics = [(name, *map(_shown, row)) for name, row in compared.last.items()]
    best = [(f"{name}, best", *map(_shown, row)) for name, row in compared.best.items()]
    return table([head, *basics, *settings, *metrics, *best]) + _problems(found)


def _problems(found: list[RunSummary]) -> str:
    """How runs failed, a line each."""
    lines = [f"{one.name}: {_cut(one.problem, _LINE)}" for one in found if one.problem]
    return "\n".join(["\n", *lines]) if lines else ""


def _cut(value: str | None, width: int = _WIDTH) -> str:
    if value is None:
        return "-"
    return value if len(value) <= width else f"{value[: width - 3]}..."


def _shown(value: float | None) -> str:
    return "-" if value is None else number(value)


def _draw(found: list[RunSummary], target: Path, *, force: bool) -> None:
    suffix = target.suffix.lstrip(".").lower()
    if suffix not in _PICTURES:
        fail("E1010", f"{target} has the ending `{target.suffix}`; curves are written as png, svg")
    if target.exists() and not force:
        fail("E1004", f"{target} already exists", hint="choose another name, or replace it with `--force`")
    write_atomically(target, comparison_picture({one.name: one.rows for one in found if one.rows}, suffix))


def _to_json(found: list[RunSummary], compared: Comparison | None) -> dict[str, Any]:
    hidden = {"path", "facts", "rows"}
    runs = [
        {
            "run": str(one.path),
            **{name: _plain(value) for name, value in vars(one).items() if name not in hidden},
        }
        for one in found
    ]
    return {"runs": runs} if compared is None else {"runs": runs, **_plain(asdict(compared))}


def _plain(value: Any) -> Any:
    """JSON knows neither NaN nor infinities."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
