"""The elaborator: the state of one expansion, and the doors between its parts.

One elaborator expands one model, once, for training or for evaluation, into one root graph. The parts
(`expressions`, `calls`, `layers`, `statements`, `scan`, ...) are functions over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NoReturn

from treadle.errors import Diagnostic, Diagnostics, Frame, TreadleError
from treadle.frontend import ast
from treadle.frontend.elaborate.adaptation import Adaptation
from treadle.frontend.elaborate.arguments import Arguments
from treadle.frontend.elaborate.budget import MAX_DEPTH, OP_STEPS, OPERANDS_PER_STEP, Budget, check_size
from treadle.frontend.elaborate.calls import call
from treadle.frontend.elaborate.expressions import HANDLERS
from treadle.frontend.elaborate.scope import Scope
from treadle.frontend.elaborate.trace import Trace
from treadle.frontend.elaborate.values import Instance, Tensor, Value
from treadle.frontend.elaborate.watch import current_watcher
from treadle.frontend.result import LeafInfo
from treadle.source import Span
from treadle.types import TensorType

MAX_FRAMES = 12  # of the chain of calls shown with an error


@dataclass
class Application:
    """One run of the body of a layer (or of the model itself).

    Attributes:
        owns: whether `param` and `state` may be declared now.
        seen: how often each place of the text built a layer.
        loops: the indices of the loops being unrolled.
        declared: names of the leaves declared so far; `states` gives the paths of states, `updated` those
            with `<-`.
        state_path: in an optimizer, the path of a state by its name and whether all parameters share it.
    """

    instance: Instance
    owns: bool = True
    seen: dict[int, int] = field(default_factory=dict)
    loops: list[int] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    updated: set[str] = field(default_factory=set)
    state_path: Callable[[str, bool], str] | None = None


class _At:
    """Sets the place of new nodes; a class of its own because every operator enters one."""

    __slots__ = ("before", "el", "span")

    def __init__(self, el: Elaborator, span: Span) -> None:
        self.el = el
        self.span = span

    def __enter__(self) -> None:
        self.before, self.el.here = self.el.here, self.span

    def __exit__(self, *_: object) -> None:
        self.el.here = self.before


class Elaborator:
    """Expands blocks into graphs.

    Attributes:
        training: the compile-time flag of the same name.
        trace: the graph that is being built now; `root` is the outermost, `init` that of initial values.
        leaves: what persists, by path.
        application: whose body is being run.
        here: the place that new nodes come from.
        reports: how often a statement failed, also by a mistake that had been reported.
        sink: knows what `input`, `loss`, `minimize`, ... mean in the block that is being run.
        adaptation: what `adapt` blocks do to the layers of the model.
        watcher: is told what is found, if there is one.
        yields: filled by `yield` in the body of a scan, None elsewhere.
    """

    def __init__(self, name: str, *, training: bool, salt: str = "") -> None:
        self.training = training
        self.root = Trace(name, salt=salt)
        self.init = Trace(f"{name}.init")
        self.trace = self.root
        self.leaves: dict[str, LeafInfo] = {}
        self.diagnostics = Diagnostics()
        self.reports = 0
        self.budget = Budget()
        self.application = Application(Instance(name="", path=""))
        self.here: Span | None = None
        self.adaptation = Adaptation()
        self.sink: object | None = None
        self.yields: list[Value] | None = None
        self.watcher = current_watcher()
        self._draw_scope: str | None = None
        self._frames: list[Frame] = []
        self._caller: Span | None = None

    def evaluate(self, expr: ast.Expr, scope: Scope) -> Value:
        """The value of an expression.

        Raises:
            TreadleError: for the user's mistakes.
            Silenced: if it uses a name whose own statement failed.
        """
        budget = self.budget
        budget.step(expr.span)
        if budget.depth >= MAX_DEPTH:
            self.fail("E0909", "calls and expressions are nested too deeply here", expr.span)
        budget.depth += 1
        try:
            value = HANDLERS[type(expr)](self, expr, scope)
        finally:
            budget.depth -= 1
        budget.value(value, expr.span)
        if self.watcher is not None:
            self.watcher.value(expr.span, value)
        return value

    def call(self, callee: Value, arguments: Arguments, site: ast.Node) -> Value:
        """The result of calling a value; `site` is the place in the text."""
        return call(self, callee, arguments, site)

    def op(self, name: str, *operands: Tensor, **attrs: Any) -> Tensor:
        """Apply an op of the registry in the current graph."""
        self.budget.step(self.here, OP_STEPS + len(operands) // OPERANDS_PER_STEP)
        trace = self.trace
        nodes = [trace.adopt(operand, self.here) for operand in operands]
        before = len(trace.graph)
        with trace.builder.at(self.placed(self.here), self.application.instance.path or ""):
            node = trace.builder.apply(name, *nodes, **attrs)
        if len(trace.graph) != before:
            self.budget.node(self.here)
            if isinstance(node.result, TensorType):
                check_size(node.result, self.here)
        return Tensor(node, trace)

    def placed(self, span: Span | None) -> Span | None:
        """A place in the text, with the calls that led there."""
        return span if span is None or self._caller is None else span.within(self._caller)

    def at(self, span: Span) -> _At:
        """New nodes come from `span` inside the `with` block."""
        return _At(self, span)

    @contextmanager
    def inside(self, trace: Trace) -> Iterator[None]:
        """Build in `trace` inside the `with` block."""
        before, self.trace = self.trace, trace
        try:
            yield
        finally:
            self.trace = before

    @contextmanager
    def applying(self, instance: Instance) -> Iterator[None]:
        """Run the body of a layer inside the `with` block."""
        before, self.application = self.application, Application(instance)
        try:
            yield
        finally:
            self.application = before

    @contextmanager
    def disowning(self) -> Iterator[None]:
        """Run what owns no weights, a function or a scan, inside the `with` block."""
        application = self.application
        before, application.owns = application.owns, False
        try:
            yield
        finally:
            application.owns = before

    @contextmanager
    def drawing(self, scope: str) -> Iterator[None]:
        """Random draws inside the `with` block take their streams from `scope`."""
        before, self._draw_scope = self._draw_scope, scope
        try:
            yield
        finally:
            self._draw_scope = before

    @contextmanager
    def yielding(self) -> Iterator[list[Value]]:
        """`yield` fills the list that the `with` block gets."""
        before, self.yields = self.yields, []
        try:
            yield self.yields
        finally:
            self.yields = before

    def stream(self) -> int:
        """The number of the random stream for one draw."""
        scope = self.application.instance.path if self._draw_scope is None else self._draw_scope
        return self.trace.stream(scope or "")

    @contextmanager
    def called(self, text: str, span: Span) -> Iterator[None]:
        """Errors inside the `with` block are shown to be inside this call, unless they point at the call."""
        self._frames.append(Frame(text, span))
        before, self._caller = self._caller, span.within(self._caller)
        try:
            yield
        except TreadleError as error:
            raise self.located(error, beyond=span) from None
        finally:
            self._frames.pop()
            self._caller = before

    def fail(self, code: str, message: str, span: Span | None, hint: str | None = None) -> NoReturn:
        """Raise a diagnostic with the chain of calls that led here."""
        raise TreadleError([Diagnostic(code, message, span, chain=self.chain(), hint=hint)])

    def chain(self) -> tuple[Frame, ...]:
        """The calls and loops around, innermost first, without the middle of a long chain."""
        frames = []
        for frame, repeated in groupby(reversed(self._frames)):
            count = sum(1 for _ in repeated)
            frames.append(replace(frame, text=f"{frame.text}, {count} times") if count > 1 else frame)
        return tuple(frames if len(frames) <= MAX_FRAMES else frames[: MAX_FRAMES - 2] + frames[-2:])

    def report(self, error: TreadleError) -> None:
        """Keep the findings of a failed statement, each with the chain of calls that led there."""
        self.reports += 1
        self.diagnostics.extend(self.located(error).diagnostics)

    def located(self, error: TreadleError, beyond: Span | None = None) -> TreadleError:
        """The error with the chain of calls that led to each finding; not to those that lie in `beyond`."""
        chain = self.chain()
        return TreadleError(
            [d if d.chain or _lies_in(d.span, beyond) else replace(d, chain=chain) for d in error.diagnostics]
        )


def _lies_in(span: Span | None, outer: Span | None) -> bool:
    if span is None or outer is None or span.source is not outer.source:
        return False
    return outer.start <= span.start and span.end <= outer.end
