"""Weights from a file into a network by name: what `load` statements ask for.

Input: a plan, the folders of its data. Output: values written into a session, and a report of what was
missing, unexpected or of another shape. Values are brought to the element type of their parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from treadle.backends.protocol import Array, Session
from treadle.errors import Diagnostic, Diagnostics, did_you_mean
from treadle.frontend.result import LoadPlan, TrainPlan
from treadle.ops.halves import rounded
from treadle.train.checkpoint import load_checkpoint
from treadle.train.data.folders import Folders
from treadle.train.ema import averaged_name
from treadle.types import TensorType

_OF_TRAINING = ":"  # in `adam.m:W` and other states of optimizers and averages; `adam.t` is one as well
_SHOWN = 5


@dataclass
class LoadReport:
    """What a `load` found.

    Attributes:
        loaded: values by leaf name.
        missing: leaves that the file does not hold.
        unexpected: names in the file that no leaf has.
        other_shape: leaves whose value in the file has another shape, with that shape.
    """

    file: str
    loaded: dict[str, Array] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    other_shape: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [f"{len(self.loaded)} tensors loaded"]
        for what, names in (
            ("missing", self.missing),
            ("unexpected", self.unexpected),
            ("of another shape", list(self.other_shape)),
        ):
            if names:
                more = f", ... {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                parts.append(f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{more})")
        return f"{self.file}: {'; '.join(parts)}"


def load_weights(plan: TrainPlan, session: Session, folders: Folders) -> list[LoadReport]:
    """Runs the `load` statements of a plan, in order; averages of loaded parameters start from them too.

    Raises:
        TreadleError: E0701, E0802 for files that cannot be read; without `partial` E0803 for missing leaves,
            E0804 for other shapes, E0805 for names that no leaf has, all at once.
    """
    types = {name: leaf.type for name, leaf in plan.leaves.items()}
    reports = []
    for load in plan.loads:
        path = folders.find(load.file, "weights in a .safetensors file", load.span)
        report = match_weights(load_checkpoint(path).values, load, types)
        if not load.partial:
            _refuse_differences(report, load, types)
        for name, value in report.loaded.items():
            session.write(name, value)
            if averaged_name(name) in plan.leaves:
                session.write(averaged_name(name), value)
        reports.append(report)
    return reports


def match_weights(values: Mapping[str, Array], load: LoadPlan, types: Mapping[str, TensorType]) -> LoadReport:
    """Which values of a file go where."""
    report = LoadReport(load.file)
    wanted = set(load.leaves)
    optimizers = {own.partition(_OF_TRAINING)[0].rpartition(".")[0] for own in values if _OF_TRAINING in own}
    for own, value in values.items():
        if _OF_TRAINING in own or own.rpartition(".")[0] in optimizers - {""}:
            continue
        name = renamed(own, load.rename)
        target = next((n for n in (load.prefix + name, name) if n in wanted), None)
        if target is None:
            report.unexpected.append(own)
        elif value.shape != types[target].static_shape():
            report.other_shape[target] = value.shape
        else:
            report.loaded[target] = rounded(value, types[target].dtype)
    found = {*report.loaded, *report.other_shape}
    report.missing = [name for name in load.leaves if name not in found]
    return report


def renamed(name: str, rules: Sequence[tuple[str, str]]) -> str:
    """A name after the first rule that fits it: what each `*` stood for fills those of the new name."""
    for old, new in rules:
        pattern = "(.*)".join(re.escape(part) for part in old.split("*"))
        match = re.fullmatch(pattern, name)
        if match:
            parts = iter(match.groups())
            return re.sub(r"\*", lambda _star, parts=parts: next(parts), new)  # type: ignore[misc]
    return name


def _refuse_differences(report: LoadReport, load: LoadPlan, types: Mapping[str, TensorType]) -> None:
    found, hint = Diagnostics(), "`partial` at the end of `load` takes what fits"
    for name in report.missing:
        message = f"{load.file} lacks `{name}`, expected {types[name]}"
        found.append(
            Diagnostic("E0803", message, load.span, hint=did_you_mean(name, report.unexpected) or hint)
        )
    for name, shape in report.other_shape.items():
        message = f"`{name}`: expected {types[name]}, {load.file} has shape {list(shape)}"
        found.append(Diagnostic("E0804", message, load.span, hint=hint))
    for name in report.unexpected:
        message = f"{load.file} holds `{name}`, which nothing here takes"
        found.append(Diagnostic("E0805", message, load.span, hint=did_you_mean(name, report.missing) or hint))
    found.raise_if_errors()
