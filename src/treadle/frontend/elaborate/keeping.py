"""Which checkpoints a train block keeps: `keep best 3 by test.loss`, `keep last 2`, `keep every 10 epochs`,
`save every 500 steps`.

Input: settings. Output: `KeepRules` and the metric of `keep best`. Non-goals: writing and removing files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, cast

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.settings import Settings, metric_name, single
from treadle.frontend.elaborate.values import describe
from treadle.frontend.result import Cadence, KeepRules

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

_UNITS = ("epochs", "steps")


def keep_rules(el: Elaborator, settings: Settings, scope: Scope) -> KeepRules:
    """The rules of a train block.

    Raises:
        TreadleError: E0604 for a count below 1 or an unknown unit.
    """
    best, last = settings.one("keep best"), settings.one("keep last")
    return KeepRules(
        best=_count(el, "keep best", best.values[0], scope) if best and len(best.values) > 1 else 1,
        last=_count(el, "keep last", single(last), scope) if last else 1,
        every=_cadence(el, settings.one("keep every"), scope),
        save=_cadence(el, settings.one("save every"), scope),
    )


def best_metric(settings: Settings, metrics: Iterable[str]) -> str | None:
    """The metric of `keep best`, if there is one.

    Raises:
        TreadleError: E0604 for another form, E0613 for an unknown metric.
    """
    setting = settings.one("keep best")
    return metric_name(setting.values[-1], metrics) if setting else None


def _cadence(el: Elaborator, setting: ast.Setting | None, scope: Scope) -> Cadence | None:
    if setting is None:
        return None
    count, unit = setting.values
    word = str(cast(ast.Literal, unit).value)
    if word not in _UNITS:
        hint = did_you_mean(word, _UNITS) or f"write `{setting.word} 10 epochs`"
        fail("E0604", f"`{setting.word}` counts epochs or steps, not `{word}`", unit.span, hint=hint)
    return Cadence(_count(el, setting.word, count, scope), cast(Literal["epochs", "steps"], word))


def _count(el: Elaborator, word: str, expr: ast.Expr, scope: Scope) -> int:
    value = el.evaluate(expr, scope)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        fail("E0604", f"`{word}` takes an integer of at least 1, not {describe(value)}", expr.span)
    return value
