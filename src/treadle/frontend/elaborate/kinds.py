"""Kinds of compile-time parameters: `units: int`, `init: fn`, checked when a call binds them."""

from __future__ import annotations

from collections.abc import Callable

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.values import (
    NONE,
    Built,
    Builtin,
    DefinitionValue,
    FnValue,
    Tensor,
    Value,
    describe,
    is_number,
    is_size,
)
from treadle.source import Span


def _is_layer(value: Value) -> bool:
    if isinstance(value, Built | DefinitionValue):
        return isinstance(value.definition, ast.Layer | ast.Model)
    return isinstance(value, FnValue | Builtin)


def _is_callable(value: Value) -> bool:
    return isinstance(value, FnValue | Builtin | Built | DefinitionValue)


def _is_rate(value: Value) -> bool:
    """A float parameter also takes a schedule, or a scalar tensor computed in the step."""
    is_schedule = isinstance(value, Built | DefinitionValue) and isinstance(value.definition, ast.Schedule)
    return is_number(value) or is_schedule or (isinstance(value, Tensor) and value.rank == 0)


_TESTS: dict[str, tuple[Callable[[Value], bool], str]] = {
    "int": (is_size, "an integer"),
    "dim": (is_size, "a dimension"),
    "float": (_is_rate, "a number"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "string": (lambda value: isinstance(value, str), "a string"),
    "list": (lambda value: isinstance(value, list | range), "a list"),
    "layer": (_is_layer, "a layer"),
    "fn": (_is_callable, "a function"),
    "any": (lambda _value: True, "anything"),
}


def check(param: ast.Parameter, value: Value, owner: str, span: Span) -> None:
    """Refuse a value of another kind than the header declares.

    Raises:
        TreadleError: E0314.
    """
    assert isinstance(param.type, ast.KindType)  # noqa: S101 - tensor types are checked by `dims`
    fits, noun = _TESTS[param.type.kind]
    if not fits(value) and not (value is NONE and _defaults_to_none(param)):
        fail("E0314", f"`{param.name}` of {owner} takes {noun}, not {describe(value)}", span)


def _defaults_to_none(param: ast.Parameter) -> bool:
    return isinstance(param.default, ast.Name) and param.default.id == "none"
