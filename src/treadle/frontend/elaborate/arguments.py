"""Arguments of calls: their values, and which parameter each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate import dims, kinds
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Value
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True)
class Given:
    """The value of one argument and where it was written."""

    value: Value
    span: Span


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call."""

    positional: Sequence[Given]
    named: dict[str, Given]

    def after(self, first: Sequence[Given]) -> Arguments:
        """These arguments with others in front."""
        return Arguments([*first, *self.positional], self.named)


@dataclass(frozen=True)
class Slot:
    """A parameter as the binding of arguments sees it."""

    name: str
    required: bool


def evaluate_arguments(el: Elaborator, args: Sequence[ast.Argument], scope: Scope) -> Arguments:
    """The values of the arguments of a call.

    Raises:
        TreadleError: E0315 for an unnamed argument after a named one, E0306 for a name given twice.
    """
    positional: list[Given] = []
    named: dict[str, Given] = {}
    for arg in args:
        given = Given(el.evaluate(arg.value, scope), arg.value.span)
        if arg.name is None:
            if named:
                fail("E0315", "an unnamed argument stands after a named one", arg.span)
            positional.append(given)
        elif arg.name in named:
            fail("E0306", f"`{arg.name}` is given twice", arg.span)
        else:
            named[arg.name] = given
    return Arguments(positional, named)


def bind(name: str, slots: Sequence[Slot], arguments: Arguments, span: Span) -> dict[str, Given]:
    """The arguments by parameter name; parameters left to their defaults are absent.

    Raises:
        TreadleError: E0303 unknown, E0304 missing, E0305 too many, E0306 given twice.
    """
    if len(arguments.positional) > len(slots):
        extra = arguments.positional[len(slots)].span
        takes = "no arguments" if not slots else f"at most {len(slots)} ({_listing(slots)})"
        fail("E0305", f"`{name}` takes {takes}, {len(arguments.positional)} are given", extra)
    bound = {slot.name: given for slot, given in zip(slots, arguments.positional, strict=False)}
    for key, given in arguments.named.items():
        if all(slot.name != key for slot in slots):
            hint = did_you_mean(key, [slot.name for slot in slots]) or _takes(name, slots)
            fail("E0303", f"`{name}` has no parameter `{key}`", given.span, hint=hint)
        if key in bound:
            fail("E0306", f"`{key}` of `{name}` is given twice", given.span)
        bound[key] = given
    missing = [slot.name for slot in slots if slot.required and slot.name not in bound]
    if missing:
        _missing(name, missing, slots, span)
    return bound


def _missing(name: str, missing: list[str], slots: Sequence[Slot], span: Span) -> NoReturn:
    what = ", ".join(f"`{m}`" for m in missing)
    fail("E0304", f"`{name}` needs {what}", span, hint=_takes(name, slots))


def _takes(name: str, slots: Sequence[Slot]) -> str:
    return f"`{name}` takes {_listing(slots)}" if slots else f"`{name}` takes nothing"


def _listing(slots: Sequence[Slot]) -> str:
    return ", ".join(slot.name if slot.required else f"[{slot.name}]" for slot in slots)


def slots_of(params: Sequence[ast.Parameter]) -> list[Slot]:
    """The parameters of a header as the binding of arguments sees them."""
    return [Slot(param.name, param.default is None) for param in params]


def bind_parameters(
    el: Elaborator,
    params: Sequence[ast.Parameter],
    bound: dict[str, Given],
    scope: Scope,
    owner: str,
    span: Span,
) -> None:
    """Bind given and default values in order, checked against their declared kinds and tensor types."""
    for param in params:
        given = bound.get(param.name)
        if given is None:
            assert param.default is not None  # noqa: S101 - `bind` demands the others
            given = Given(el.evaluate(param.default, scope), span)
        scope.bind(param.name, given.value)
        if isinstance(param.type, ast.KindType):
            kinds.check(param, given.value, owner, given.span)
    typed = [
        (param.name, param.type, bound[param.name].span if param.name in bound else span)
        for param in params
        if isinstance(param.type, ast.TensorType)
    ]
    dims.bind_inputs(el, typed, scope, owner)
    if el.watcher is not None:
        for param in params:
            el.watcher.value(param.span, scope.names[param.name])
