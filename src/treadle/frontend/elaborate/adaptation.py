"""Adapting a model: `adapt Base as Tuned { wrap dense at "*.attention.*" with lora(rank = 4); freeze }`.

A wrapped layer keeps its path, so that weights of the base still load by name; what the wrapper owns lies
below it: `attention.dense.lora.A`. Input: `adapt` blocks. Output: what the elaborator asks for when it
applies a layer or declares a parameter. Non-goals: the wrappers, which are layers of the language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.elaborate.arguments import Arguments, Given, evaluate_arguments
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.values import Built, DefinitionValue, Value, describe
from treadle.source import Span

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


@dataclass
class Wrap:
    """One `wrap` statement: which definitions, at which places, by what; whether it met a layer."""

    statement: ast.Wrap
    definitions: Sequence[ast.Definition]
    places: Sequence[str]
    scope: Scope
    used: bool = False

    def fits(self, built: Built) -> bool:
        """Whether this layer is to be wrapped."""
        path = built.instance.path or ""
        at_place = not self.places or any(fnmatchcase(path, place) for place in self.places)
        return at_place and any(built.definition is one for one in self.definitions)


@dataclass
class Adaptation:
    """The rules of the `adapt` blocks that a model was reached through; empty for a plain model.

    Attributes:
        frozen: patterns of names of base parameters that are not trained.
        done: for layers being wrapped, by identity, how many of the rules have been applied.
        suspended: whether a wrapper's own body is being run, whose layers are not wrapped.
    """

    wraps: list[Wrap] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    done: dict[int, int] = field(default_factory=dict)
    suspended: bool = False

    def add(self, el: Elaborator, block: ast.Adapt, outer: Scope) -> None:
        """Take the rules of a block.

        Raises:
            TreadleError: E1202 for what is no layer or no pattern, E0601 for another setting than `freeze`.
        """
        from treadle.frontend.elaborate import statements  # noqa: PLC0415 - statements need the elaborator

        before, el.sink = el.sink, _AdaptSink(self)
        try:
            statements.run_all(el, block.items, Scope(outer))
        finally:
            el.sink = before

    def next_wrap(self, built: Built) -> Wrap | None:
        """The rule that wraps this layer now, if there is one."""
        done = self.done.get(id(built.instance))
        if done is None and self.suspended:
            return None
        return next((wrap for wrap in self.wraps[done or 0 :] if wrap.fits(built)), None)

    def apply(self, el: Elaborator, wrap: Wrap, built: Built, arguments: Arguments) -> Value:
        """The wrapper of `built`, applied to inputs: its weights belong to the wrapped layer."""
        wrap.used = True
        key, before = id(built.instance), self.done.get(id(built.instance))
        suspended = self.suspended
        self.done[key], self.suspended = self.wraps.index(wrap) + 1, True
        try:
            with el.applying(built.instance), el.at(wrap.statement.span):
                return el.call(self._wrapper(el, wrap, built), arguments, wrap.statement)
        finally:
            self.suspended = suspended
            if before is None:
                del self.done[key]
            else:
                self.done[key] = before

    @contextmanager
    def running(self, built: Built) -> Iterator[None]:
        """Runs the body of a layer: inside one that was wrapped, layers are wrapped again."""
        before = self.suspended
        self.suspended = before and id(built.instance) not in self.done
        try:
            yield
        finally:
            self.suspended = before

    def freezes(self, path: str) -> bool:
        """Whether a parameter declared now is one of the base that is not trained."""
        return not self.suspended and any(fnmatchcase(path, pattern) for pattern in self.frozen)

    def check_used(self) -> None:
        """Refuse rules that met no layer.

        Raises:
            TreadleError: E1201.
        """
        for wrap in self.wraps:
            if not wrap.used:
                names = " or ".join(f"`{layer.id}`" for layer in wrap.statement.layers)
                where = f" at {', '.join(wrap.places)}" if wrap.places else ""
                fail("E1201", f"the model has no {names}{where}", wrap.statement.span)

    def _wrapper(self, el: Elaborator, wrap: Wrap, built: Built) -> Value:
        """`lora(rank = 4)` built with the layer as its first argument."""
        expr, span = wrap.statement.wrapper, wrap.statement.wrapper.span
        first = [Given(built, span)]
        if not isinstance(expr, ast.Call):
            return el.call(el.evaluate(expr, wrap.scope), Arguments(first, {}), wrap.statement)
        arguments = evaluate_arguments(el, expr.args, wrap.scope)
        return el.call(el.evaluate(expr.callee, wrap.scope), arguments.after(first), expr)


class _AdaptSink:
    """What the statements of an `adapt` block mean."""

    def __init__(self, adaptation: Adaptation) -> None:
        self.adaptation = adaptation

    def wrap(self, el: Elaborator, statement: ast.Wrap, scope: Scope) -> None:
        """`wrap layers at patterns with wrapper`."""
        definitions = [_layer(scope.lookup(name.id, name.span), name.span) for name in statement.layers]
        places = [pattern(el.evaluate(place, scope), place.span) for place in statement.places]
        self.adaptation.wraps.append(Wrap(statement, definitions, places, scope))

    def setting(self, el: Elaborator, statement: ast.Setting, scope: Scope) -> None:
        """`freeze` (everything of the base), or `freeze "encoder.*"`."""
        if statement.word != "freeze":
            fail("E0601", f"`{statement.word}` is no setting of an adapt block", statement.span)
        chosen = [pattern(el.evaluate(value, scope), value.span) for value in statement.values]
        self.adaptation.frozen += chosen or ["*"]


def pattern(value: Value, span: Span) -> str:
    """A pattern of names.

    Raises:
        TreadleError: E1202.
    """
    if not isinstance(value, str):
        fail(
            "E1202",
            f"a place is a pattern of names, not {describe(value)}",
            span,
            hint='such as "*.attention.*"',
        )
    return value


def _layer(value: Value, span: Span) -> ast.Definition:
    if not isinstance(value, DefinitionValue) or not isinstance(value.definition, ast.Layer):
        fail("E1202", f"only layers can be wrapped, not {describe(value)}", span)
    return value.definition
