"""Plans of sweeps: the axes of a `sweep` block with the values they take.

Input: a block. Output: `SweepPlan`. Non-goals: choosing trials (`trials`), changing specs (`substitute`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate.elaborator import Elaborator
from treadle.frontend.elaborate.modules import Modules
from treadle.frontend.elaborate.settings import direction
from treadle.frontend.elaborate.values import describe, is_number
from treadle.frontend.program import Module
from treadle.source import Span

DRAWS = ("uniform", "log_uniform", "integers")
MAX_TRIALS = 10_000
WORDS = ("trials", "seed", "best")


@dataclass(frozen=True)
class Draw:
    """A range to draw from, both ends included for integers."""

    kind: str
    low: float
    high: float


@dataclass(frozen=True)
class Axis:
    """One thing that is varied: expressions to choose from, or a range to draw from."""

    path: tuple[str, ...]
    choices: tuple[ast.Expr, ...]
    draw: Draw | None
    span: Span

    @property
    def name(self) -> str:
        """The path as it is written."""
        return ".".join(self.path)


@dataclass(frozen=True)
class SweepPlan:
    """One `sweep` block.

    Attributes:
        train: the name of the train block.
        trials: how many points are drawn; None: all of the grid.
        metric, mode: what makes a trial good; without a metric, what training keeps.
    """

    name: str
    train: str
    axes: tuple[Axis, ...]
    trials: int | None
    seed: int
    metric: str | None
    mode: Literal["min", "max"] | None
    span: Span


def plan_sweep(module: Module, block: ast.Sweep) -> SweepPlan:
    """The plan of a block.

    Raises:
        TreadleError: E1206 for an unknown train block, E1207 for values that are none, E0601 to E0604.
    """
    known = [train.alias or train.model.id for train in module.trains]
    if block.train.id not in known:
        hint = did_you_mean(block.train.id, known) or f"there are: {', '.join(known) or 'none'}"
        fail("E1206", f"there is no train block `{block.train.id}`", block.train.span, hint=hint)
    el = Elaborator("sweep", training=False)
    axes = tuple(_axis(el, module, item) for item in block.items if isinstance(item, ast.Vary))
    found = _settings(block)
    trials = _integer(el, module, found, "trials", 1)
    if not axes:
        fail("E1206", "this sweep varies nothing", block.span, hint="write `batch in [32, 64]`")
    drawn = next((axis for axis in axes if axis.draw), None)
    if drawn is not None and trials is None:
        hint = "say how many: `trials 20`"
        fail("E1207", f"`{drawn.name}` is drawn from a range without end", drawn.span, hint=hint)
    count = trials or math.prod(len(axis.choices) for axis in axes)
    if count > MAX_TRIALS:
        hint = "draw from it: `trials 50`"
        fail("E1207", f"this sweep has {count:,} trials, more than {MAX_TRIALS:,}", block.span, hint=hint)
    metric = _metric(found)
    return SweepPlan(
        name=block.alias or block.train.id,
        train=block.train.id,
        axes=axes,
        trials=trials,
        seed=_integer(el, module, found, "seed", 0) or 0,
        metric=metric,
        mode=None if metric is None else "max" if direction(metric) == "max" else "min",
        span=block.span,
    )


def _axis(el: Elaborator, module: Module, item: ast.Vary) -> Axis:
    values = item.values
    if isinstance(values, ast.List) and values.items:
        return Axis(item.path, values.items, None, item.span)
    if isinstance(values, ast.Call) and isinstance(values.callee, ast.Name) and values.callee.id in DRAWS:
        return Axis(item.path, (), _draw(el, module, values, values.callee.id), item.span)
    hint = f"write a list, or {', '.join(f'`{draw}(a, b)`' for draw in DRAWS)}"
    fail("E1207", f"`{'.'.join(item.path)}` has no list of values", values.span, hint=hint)


def _draw(el: Elaborator, module: Module, call: ast.Call, kind: str) -> Draw:
    ends = [_value(el, module, arg.value) for arg in call.args]
    if len(ends) != 2 or not all(is_number(end) for end in ends):
        fail("E1207", f"`{kind}` takes two numbers", call.span)
    low, high = ends
    if not low < high or (kind == "log_uniform" and low <= 0):
        fail("E1207", f"`{kind}({low}, {high})` is no range", call.span)
    if kind == "integers" and not all(isinstance(end, int) for end in ends):
        fail("E1207", "`integers` takes two integers", call.span)
    return Draw(kind, low, high)


def _value(el: Elaborator, module: Module, expr: ast.Expr) -> Any:
    return el.evaluate(expr, Modules(el).scope_of(module))


def _settings(block: ast.Sweep) -> dict[str, ast.Setting]:
    found: dict[str, ast.Setting] = {}
    for item in block.items:
        if isinstance(item, ast.Setting):
            if item.word not in WORDS:
                hint = did_you_mean(item.word, WORDS) or f"settings are: {', '.join(WORDS)}"
                fail("E0601", f"`{item.word}` is no setting of a sweep", item.span, hint=hint)
            if item.word in found:
                fail("E0603", f"`{item.word}` is given twice", item.span)
            found[item.word] = item
    return found


def _integer(
    el: Elaborator, module: Module, found: dict[str, ast.Setting], word: str, low: int
) -> int | None:
    if word not in found:
        return None
    setting = found[word]
    value = _value(el, module, setting.values[0]) if len(setting.values) == 1 else None
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        fail("E0604", f"`{word}` takes an integer of at least {low}, not {describe(value)}", setting.span)
    return value


def _metric(found: dict[str, ast.Setting]) -> str | None:
    setting = found.get("best")
    if setting is None:
        return None
    expr = setting.values[0] if len(setting.values) == 1 else None
    if not isinstance(expr, ast.Attribute) or not isinstance(expr.value, ast.Name):
        fail("E0604", "a split and a metric are needed here", setting.span, hint="write `best test.loss`")
    return f"{expr.value.id}.{expr.name}"
