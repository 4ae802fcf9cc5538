"""Weights from a file into a network by name: what `load` statements ask for.

Input: a plan, the folders of its data. Output: values written into a session, and a report of what was
missing, unexpected or of another shape. Values are brought to the element type of their parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from treadle.backends.protocol import Array, Session
from treadle.errors import TreadleError
from treadle.frontend.result import LoadPlan, TrainPlan
from treadle.ops.halves import rounded
from treadle.train.checkpoint import checkpoint_file, load_checkpoint
from treadle.train.data.folders import Folders
from treadle.train.ema import averaged_name
from treadle.train.foreign_files import refuse_foreign
from treadle.train.weight_report import LoadReport, diagnostics, of_the_network
from treadle.types import TensorType


def load_weights(
    plan: TrainPlan, session: Session, folders: Folders, start: Path | None = None
) -> list[LoadReport]:
    """Runs the `load` statements of a plan, in order; averages of loaded parameters start from them too.

    Args:
        start: a checkpoint or run folder, read before all others, that must hold every leaf of the model.

    Raises:
        TreadleError: E0701, E0802, E0813 for files that cannot be read; without `partial` E0803 for missing
            leaves, E0804 for other shapes, E0805 for names that no leaf has, all at once.
    """
    types = {name: leaf.type for name, leaf in plan.leaves.items()}
    reports = []
    for path, load in _files(plan, folders, start):
        report = match_weights(load_checkpoint(path).values, load, types)
        _refuse_differences(report, load)
        for name, value in report.loaded.items():
            session.write(name, value)
            if averaged_name(name) in plan.leaves:
                session.write(averaged_name(name), value)
        reports.append(report)
    return reports


def _files(plan: TrainPlan, folders: Folders, start: Path | None) -> Iterable[tuple[Path, LoadPlan]]:
    if start is not None:
        file = checkpoint_file(start)
        yield file, LoadPlan(str(file), tuple(plan.eval.leaves), "", (), (), None, plan.span)
    for load in plan.loads:
        path = folders.find(load.file, "weights in a .safetensors file", load.span)
        try:
            refuse_foreign(path)
        except TreadleError as error:
            raise TreadleError([replace(one, span=load.span) for one in error.diagnostics]) from None
        yield path, load


def match_weights(values: Mapping[str, Array], load: LoadPlan, types: Mapping[str, TensorType]) -> LoadReport:
    """Which values of a file go where."""
    report = LoadReport(load.file, {name: types[name] for name in load.leaves})
    used: set[str] = set()
    for own, value in of_the_network(values).items():
        name = renamed(own, load.rename, used)
        target = next((n for n in (load.prefix + name, name) if n in report.types), None)
        if target is not None and (target in report.loaded or target in report.other_shape):
            report.twice[own], target = target, None
        if target is None:
            report.unexpected[own] = value.shape
            continue
        value = turned(value, (own, target), load.transpose, used)  # noqa: PLW2901 - the value in our order
        if value.shape != types[target].static_shape():
            report.other_shape[target] = value.shape
        else:
            report.loaded[target] = rounded(value, types[target].dtype)
    found = {*report.loaded, *report.other_shape}
    report.missing = [name for name in load.leaves if name not in found]
    rules = [*(old for old, _ in load.rename), *(pattern for pattern, _ in load.transpose)]
    report.unused = [rule for rule in rules if rule not in used]
    return report


def renamed(name: str, rules: Sequence[tuple[str, str]], used: set[str] | None = None) -> str:
    """A name after the first rule that fits it: what each `*` stood for fills those of the new name."""
    for old, new in rules:
        match = _fit(old, name)
        if match:
            if used is not None:
                used.add(old)
            parts = iter(match.groups())
            return re.sub(r"\*", lambda _star, parts=parts: next(parts), new)  # type: ignore[misc]
    return name


def turned(
    value: Array, names: Iterable[str], rules: Sequence[tuple[str, tuple[int, ...]]], used: set[str]
) -> Array:
    """A value with its axes in our order, by the first rule that fits one of its names and its rank."""
    for pattern, order in rules:
        if any(_fit(pattern, name) for name in names) and len(order) in {0, value.ndim}:
            used.add(pattern)
            return np.ascontiguousarray(value.transpose(order or None))
    return value


def _fit(pattern: str, name: str) -> re.Match[str] | None:
    """How a pattern, whose `*` stand for any text, fits a name; brackets mean themselves."""
    return re.fullmatch("(.*)".join(re.escape(part) for part in pattern.split("*")), name)


def _refuse_differences(report: LoadReport, load: LoadPlan) -> None:
    if load.partial == ():
        return
    allowed = load.partial or ()
    rest = report.without(lambda name: any(_fit(pattern, name) for pattern in allowed))
    found = diagnostics(rest, load.span, "`partial` at the end of `load` takes what fits")
    if found:
        raise TreadleError(found)
