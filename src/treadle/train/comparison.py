"""Runs side by side: the settings in which they differ, and what came of it.

Input: summaries of runs. Output: tables of texts and numbers by row. Non-goals: reading the folders
(`run_list`), layout (the command line).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

from treadle.errors import TreadleError
from treadle.frontend import ast
from treadle.frontend.elaborate.settings import direction
from treadle.frontend.expr_text import list_to_text
from treadle.frontend.parser import parse
from treadle.frontend.spec_text import body_to_text, spec_to_text
from treadle.source import Source
from treadle.train.run_list import BROKEN, RunSummary
from treadle.train.runs import RESOLVED

T = TypeVar("T")

_FACTS = ("spec", "train", "seed", "device", "data")
_OPTIONS = ("epochs", "steps", "threads")
_COUNTERS = ("epoch", "step", "seconds")
_MAX_BYTES = 2**20  # of a resolved spec


@dataclass(frozen=True)
class Comparison:
    """Rows by name, each with one entry per run; None where a run has none.

    Attributes:
        settings: those that differ.
        last, best: metrics at the end, and in their best epoch.
    """

    settings: Mapping[str, Sequence[str | None]]
    last: Mapping[str, Sequence[float | None]]
    best: Mapping[str, Sequence[float | None]]


def compare(runs: Sequence[RunSummary]) -> Comparison:
    """The comparison of some runs."""
    settings = _aligned([_settings(run) for run in runs])
    whole = [number for number, run in enumerate(runs) if run.state != BROKEN]
    differing = {
        name: _shortened(row) for name, row in settings.items() if len({row[number] for number in whole}) > 1
    }
    blocks = _aligned([_blocks(run) for run in runs])
    differing |= {name: _shortened(row) for name, row in blocks.items() if len(set(row) - {None}) > 1}
    return Comparison(
        differing,
        _aligned([_last(run) for run in runs]),
        _aligned([_best(run) for run in runs]),
    )


def _aligned(columns: Sequence[Mapping[str, T]]) -> dict[str, list[T | None]]:
    names = dict.fromkeys(name for column in columns for name in column)
    return {name: [column.get(name) for column in columns] for name in names}


def _settings(run: RunSummary) -> dict[str, str]:
    """What a run was made with: its options, the versions, and what its spec says."""
    found = {name: str(run.facts[name]) for name in _FACTS if run.facts.get(name) is not None}
    found |= {f"--{name}": str(run.facts[name]) for name in _OPTIONS if run.facts.get(name) is not None}
    for group in ("versions", "hardware"):
        entries = run.facts.get(group)
        if isinstance(entries, dict):
            found |= {f"{group}.{name}": str(value) for name, value in entries.items()}
    for block in _spec(run).blocks:
        if isinstance(block, ast.Train) and run.train in {block.alias, block.model.id}:
            return _items(block) | found  # options replace what the spec says
    return found


def _items(block: ast.Train) -> dict[str, str]:
    """What a train block says, by its words."""
    found = {"model": f"{block.model.id}({list_to_text(block.model_args)})"} if block.model_args else {}
    for item in block.items:
        text = body_to_text([item])[1:-1].strip()
        word = item.word if isinstance(item, ast.Setting) else type(item).__name__.lower()
        value = text.removeprefix(word).strip()
        found[word] = f"{found[word]}; {value}" if word in found else value
    return found


def _blocks(run: RunSummary) -> dict[str, str]:
    """The other blocks of the spec by kind and name."""
    others = [block for block in _spec(run).blocks if not isinstance(block, ast.Train)]
    return {_title(block): spec_to_text(ast.Spec((block,), span=block.span)) for block in others}


def _spec(run: RunSummary) -> ast.Spec:
    """The spec of a run, everything included; an empty one where it cannot be read."""
    path, nothing = run.path / RESOLVED, Source(RESOLVED, "")
    try:
        if path.is_file() and path.stat().st_size <= _MAX_BYTES:
            return parse(Source(RESOLVED, path.read_text(encoding="utf-8")))
    except (TreadleError, OSError, ValueError):
        return ast.Spec((), span=nothing.span(0, 0))  # the folder's other files still tell something
    return ast.Spec((), span=nothing.span(0, 0))


def _shortened(row: Sequence[str | None]) -> list[str | None]:
    """Of texts of several lines the first line in which they differ."""
    lines = zip_longest(*((text or "").splitlines() for text in row), fillvalue="")
    differing = next((line for line in lines if len(set(line)) > 1), row)
    return [None if text is None else (line or "").strip() for text, line in zip(row, differing, strict=True)]


def _title(block: ast.TopLevel) -> str:
    name = getattr(block, "name", None)
    return f"{type(block).__name__.lower()} {name if isinstance(name, str) else ''}".strip()


def _last(run: RunSummary) -> dict[str, float]:
    row = run.rows[-1] if run.rows else {}
    return {name: value for name, value in row.items() if name not in _COUNTERS}


def _best(run: RunSummary) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in _last(run):
        values = [row[name] for row in run.rows if name in row and not math.isnan(row[name])]
        if values:
            found[name] = max(values) if direction(name) == "max" else min(values)
    return found
