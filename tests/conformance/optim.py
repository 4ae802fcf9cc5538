"""The suite of optimizers and schedules: parameters and rates after each step, in f64.

Each run becomes a train block. A loss that is linear in the parameters hands in the stored gradients, so that
the optimizer of the library makes the whole trajectory; a schedule shows itself through an optimizer that
sets the weight to the rate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .cases import Array, Folder
from .optimizers import COMBINED, optimizer_text
from .runner import Verdict
from .schedules import momentum_text, schedule_text
from .trajectory import Run, verdicts

PROBLEM = """model Problem {{
  input gw: f32[3, 2]
  input gb: f32[2]
  param w: [3, 2] = 0
  param b: [2] = 0
  loss {sign}(sum(w * gw) + sum(b * gb))
}}

train Problem {{
  {settings}
  batch 1   steps 20
}}
"""

FUNCTIONS = {
    "quadratic": "0.5 * sum(p * (tensor({M}) @ p)) - sum(tensor({c}) * p)",
    "rosenbrock": "sum((1 - p[:-1])^2 + 100 * (p[1:] - p[:-1]^2)^2)",
}
VALLEY = """fn height(p) = {function}

model Valley {{
  param p: [4] = 0
  loss height(p)
}}

train Valley {{
  optimizer {optimizer}
  batch 1   steps 10
}}
"""

SHOWN = """optimizer shown(lr = 0.0, momentum = 0.0)(w, g) {{
  w <- stack(tensor(lr), tensor(momentum))
}}

model Shown {{
  input metric: f32[]
  param rates: [2] = 0
  loss sum(rates) + 0 * metric
}}

train Shown {{
  rate = {rate}
  optimizer shown(lr = rate, momentum = {momentum})
  batch 1   steps 51
}}
"""


def optim(data: Path, backend: str, dtype: str, names: Collection[str] = (), **_: Any) -> Iterator[Verdict]:
    """The runs of `optim.json`."""
    runs = [
        item for item in _runs(Folder(data, "optim").index) if not names or {item.id, item.kind} & set(names)
    ]
    yield from verdicts(runs, backend, dtype)


def _runs(index: Mapping[str, Any]) -> Iterator[Run]:
    problem = index["problem"]
    given = [{f"g{name}": np.array(g) for name, g in step.items()} for step in problem["gradients"]]
    initial = _arrays(problem["initial"])
    for entry in index["optimizers"]:
        settings = f"optimizer {optimizer_text(entry['optimizer'], entry['settings'])}"
        sign = "-" if entry["settings"].get("maximize") else ""
        text = PROBLEM.format(settings=settings, sign=sign)
        expected = [_arrays(step) for step in entry["trajectory"]]
        if entry["id"].startswith("asgd"):
            last = {
                f"asgd.average:{name}": np.array(kept["ax"]) for name, kept in entry["final_state"].items()
            }
            expected[-1] |= last
        yield Run(entry["id"], "optimizer", text, initial, given, expected)
    for entry in index["combined"]:
        text = PROBLEM.format(settings=COMBINED[entry["id"]], sign="")
        prefix = "ema:" if entry["id"] == "ema" else ""
        expected = [_arrays(step, prefix) for step in entry["trajectory"]]
        start = initial | _arrays(problem["initial"], prefix)
        yield Run(entry["id"], "combined", text, start, given, expected)
    yield from _lbfgs_runs(index["lbfgs"])
    for entry in index["schedules"]:
        yield _schedule_run(entry)


def _lbfgs_runs(index: Mapping[str, Any]) -> Iterator[Run]:
    for entry in index["runs"]:
        function = FUNCTIONS[entry["function"]].format(M=index["M"], c=index["c"])
        text = VALLEY.format(function=function, optimizer=_lbfgs_text(entry["settings"]))
        expected = [{"p": np.array(step["p"])} for step in entry["steps"]]
        given: list[dict[str, Array]] = [{} for _ in expected]
        yield Run(entry["id"], "lbfgs", text, {"p": np.array(entry["p0"])}, given, expected)


def _lbfgs_text(settings: Mapping[str, Any]) -> str:
    """One iteration per step without a search is the plain optimizer."""
    if settings.get("line_search_fn") == "strong_wolfe":
        return f"lbfgs_search(height, iterations = {settings['max_iter']})"
    return optimizer_text("LBFGS", settings)


def _schedule_run(entry: Mapping[str, Any]) -> Run:
    text = SHOWN.format(rate=schedule_text(entry), momentum=momentum_text(entry))
    metrics = [*entry.get("metrics", []), *[0.0] * 51][:51]
    momenta = entry.get("momentum", [0.0] * 51)
    expected = [{"rates": np.array(pair)} for pair in zip(entry["lr"], momenta, strict=True)]
    given = [{"metric": np.array(metric)} for metric in metrics]
    return Run(entry["id"], "schedule", text, {}, given, expected)


def _arrays(values: Mapping[str, Any], prefix: str = "") -> dict[str, Array]:
    return {prefix + name: np.array(value) for name, value in values.items()}
