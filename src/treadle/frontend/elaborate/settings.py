"""Settings of a train block: which words there are, and their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from treadle.errors import did_you_mean, fail, nearest
from treadle.frontend import ast
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Value, describe, is_number
from treadle.frontend.result import StopRule
from treadle.types import DType

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator

ONCE = frozenset(
    {"optimizer", "clip", "batch", "epochs", "steps", "seed", "stop when", "ema", "precision"}
    | {"keep best", "keep last", "keep every", "save every"}
)
GROUPED = frozenset({"optimizer"})  # once for all parameters, and once for each selection after `over`
REPEATED = frozenset({"decay", "freeze", "rate", "constrain"})
WORDS = ONCE | REPEATED | {"shuffle"}
DEFAULT_BATCH = 32
_RISING = ("accuracy", "precision", "recall", "f1", "iou", "top", "score", "bleu", "auc", "r2", "exact")
_PRECISIONS = (DType.F32, DType.BF16, DType.F16)
_METRIC_KINDS = ("metric:", "loss:")


class Settings:
    """The settings of one train block (or phase), by word."""

    def __init__(self, settings: Iterable[ast.Setting]) -> None:
        self._by_word: dict[str, list[ast.Setting]] = {}
        for setting in settings:
            self.add(setting)

    def add(self, setting: ast.Setting) -> None:
        """Add one.

        Raises:
            TreadleError: E0601 for an unknown word, E0603 for a second one of the same word.
        """
        word = setting.word
        if word not in WORDS:
            fail(
                "E0601",
                f"`{word}` is no setting of a train block",
                setting.span,
                hint=did_you_mean(word, WORDS),
            )
        others = [other for other in self.all(word) if word not in GROUPED or not other.over]
        if word in ONCE and others and not (word in GROUPED and setting.over):
            fail("E0603", f"`{word}` is given twice", setting.span)
        self._by_word.setdefault(word, []).append(setting)

    def override(self, setting: ast.Setting, *, first: bool) -> None:
        """Add the setting of a phase; the `first` of a word replaces those of the train block."""
        if first:
            self._by_word.pop(setting.word, None)
        self.add(setting)

    def all(self, word: str) -> list[ast.Setting]:
        """The settings of this word, in order."""
        return self._by_word.get(word, [])

    def one(self, word: str) -> ast.Setting | None:
        """The setting of this word."""
        found = self._by_word.get(word)
        return found[-1] if found else None

    def words(self) -> list[str]:
        """The words that are set."""
        return list(self._by_word)


def single(setting: ast.Setting) -> ast.Expr:
    """The one value of a setting.

    Raises:
        TreadleError: E0604.
    """
    if len(setting.values) != 1:
        fail("E0604", f"`{setting.word}` takes one value", setting.span)
    return setting.values[0]


def integer(el: Elaborator, settings: Settings, word: str, scope: Scope, low: int) -> int | None:
    """The value of a setting that is an integer of at least `low`; None when it is absent.

    Raises:
        TreadleError: E0604.
    """
    setting = settings.one(word)
    if setting is None:
        return None
    expr = single(setting)
    value = el.evaluate(expr, scope)
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        fail("E0604", f"`{word}` takes an integer of at least {low}, not {describe(value)}", expr.span)
    return value


def precision(el: Elaborator, settings: Settings, scope: Scope) -> DType:
    """`precision bf16`: the element type of products and activations; f32 where it is not given.

    Raises:
        TreadleError: E0604.
    """
    setting = settings.one("precision")
    if setting is None:
        return DType.F32
    expr = single(setting)
    value = el.evaluate(expr, scope)
    if value not in _PRECISIONS:
        fail("E0604", f"`precision` takes f32, bf16 or f16, not {describe(value)}", expr.span)
    return DType(value)


def plain(el: Elaborator, setting: ast.Setting, scope: Scope) -> Value:
    """The value of a setting that is handed on as it is: a number, boolean, string or list.

    Raises:
        TreadleError: E0604.
    """
    value = el.evaluate(single(setting), scope)
    if not (is_number(value) or isinstance(value, bool | str | list)):
        fail("E0604", f"`{setting.word}` takes a plain value, not {describe(value)}", setting.span)
    return value


def stop_rule(el: Elaborator, settings: Settings, scope: Scope, metrics: Iterable[str]) -> StopRule | None:
    """`stop when no_improvement(test.loss, patience = 3)`.

    Raises:
        TreadleError: E0604 for another form, E0613 for an unknown metric.
    """
    setting = settings.one("stop when")
    if setting is None:
        return None
    call = single(setting)
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.callee, ast.Name)
        or call.callee.id != "no_improvement"
    ):
        hint = "write `stop when no_improvement(test.loss, patience = 3)`"
        fail("E0604", "this is no rule for stopping", call.span, hint=hint)
    named = {arg.name: arg.value for arg in call.args if arg.name is not None}
    first = next((arg.value for arg in call.args if arg.name is None), None)
    if first is None or set(named) - {"patience", "mode"}:
        fail("E0604", "`no_improvement` takes a metric, `patience` and `mode`", call.span)
    metric = metric_name(first, metrics)
    patience = el.evaluate(named["patience"], scope) if "patience" in named else 1
    if not isinstance(patience, int) or patience < 1:
        fail("E0604", f"`patience` is a positive integer, not {describe(patience)}", call.span)
    mode: Any = el.evaluate(named["mode"], scope) if "mode" in named else direction(metric)
    if mode not in {"min", "max"}:
        fail("E0604", '`mode` is "min" or "max"', call.span)
    return StopRule(metric, patience, mode)


def direction(metric: str) -> str:
    """Whether a metric is better when larger, judged by its name."""
    own = metric.rpartition(".")[2].lower()
    return "max" if any(word in own for word in _RISING) else "min"


def metric_name(expr: ast.Expr, metrics: Iterable[str]) -> str:
    """`test.accuracy` as text, checked against the outputs of the model.

    Raises:
        TreadleError: E0604 for another form, E0613 for an unknown metric.
    """
    if not isinstance(expr, ast.Attribute) or not isinstance(expr.value, ast.Name):
        fail("E0604", "a split and a metric are needed here", expr.span, hint="write `test.loss`")
    known = ["loss", *(name.partition(":")[2] for name in metrics if name.startswith(_METRIC_KINDS))]
    if expr.name not in known:
        close = nearest(expr.name, known)
        hint = f"did you mean `{expr.value.id}.{close}`?" if close else f"the model has {', '.join(known)}"
        fail("E0613", f"the model has no metric `{expr.name}`", expr.span, hint=hint)
    return f"{expr.value.id}.{expr.name}"
