"""Names in statements, expressions and types: which scope each is looked up in or given in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from treadle.frontend import ast
from treadle.frontend.elaborate.data import SPLITS
from treadle.frontend.symbols.callees import Stage
from treadle.frontend.symbols.program import KINDS
from treadle.frontend.symbols.table import Kind, Names, Symbol

if TYPE_CHECKING:
    from treadle.frontend.symbols.resolve import Resolver

_METRIC_SETTINGS = frozenset({"keep best", "best", "stop when"})
_ENDS: dict[type[ast.Node], Kind] = {ast.Output: "output", ast.Loss: "loss", ast.Metric: "metric"}


class StatementNames:
    """Resolves the names of bodies."""

    def __init__(self, resolver: Resolver) -> None:
        """Make ready for one file."""
        self._resolver = resolver
        self._handlers: dict[type[ast.Node], Callable[[Any, Names], None]] = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Pipe: self._pipe,
            ast.Lambda: self._lambda,
            ast.Comprehension: self._comprehension,
            ast.Scan: self._scan,
        }

    # ---- statements

    def run(self, body: Sequence[ast.BlockItem], scope: Names, kind: Kind = "value") -> None:
        """Resolve statements in order; assignments give names of this kind."""
        for statement in body:
            self._statement(statement, scope, kind)

    def _statement(self, statement: ast.BlockItem, scope: Names, kind: Kind) -> None:
        bind = self._resolver.bind
        match statement:
            case ast.Assign():
                self._assign(statement, scope, kind)
            case ast.Const():
                self.expression(statement.value, scope)
                bind(scope, statement, statement.name, "constant").value = statement.value
            case ast.Input() | ast.Target():
                self.type(statement.type, scope, fresh=True)
                bind(scope, statement, statement.name, KINDS[type(statement)])
            case ast.Param() | ast.State():
                self._leaf(statement, scope)
            case ast.Output() | ast.Loss() | ast.Metric():
                self._end(statement, scope)
            case ast.Update():
                self.expression(statement.value, scope)
                self._updated(statement, scope)
            case ast.For():
                self.expression(statement.iterable, scope)
                for target in statement.targets:
                    bind(scope, target, target.id, "value")
                self.run(statement.body, scope, kind)
            case ast.If():
                self.expression(statement.condition, scope)
                self.run(statement.then, scope, kind)
                self.run(statement.otherwise, scope, kind)
            case _:
                self._item(statement, scope)

    def _item(self, statement: ast.BlockItem, scope: Names) -> None:
        """The statements of train and data blocks, and those that hold nothing but expressions."""
        match statement:
            case ast.Setting():
                self._setting(statement, scope)
            case ast.Phase():
                self._resolver.bind(scope, statement, statement.name, "phase")
                self._below(statement.repeat, scope)
                self.run(statement.items, scope)
            case ast.Augment():
                self.expression(statement.split, scope)
                self.run(statement.body, scope, "column")
            case _:
                for child in ast.children(statement):
                    self._below(child, scope)

    def _assign(self, statement: ast.Assign, scope: Names, kind: Kind) -> None:
        self.expression(statement.value, scope)
        for target in statement.targets:
            known = scope.to_bind(target.id)
            symbol = self._resolver.bind(scope, target, target.id, kind)
            alone = known is None and len(statement.targets) == 1
            symbol.value = statement.value if alone else None

    def _leaf(self, statement: ast.Param | ast.State, scope: Names) -> None:
        if statement.type is not None:
            self.type(statement.type, scope, fresh=False)
        if statement.init is not None:
            self.expression(statement.init, scope)
        self._resolver.bind(scope, statement, statement.name, KINDS[type(statement)])

    def _end(self, statement: ast.Output | ast.Loss | ast.Metric, scope: Names) -> None:
        self.expression(statement.value, scope)
        if isinstance(statement, ast.Loss) and statement.weight is not None:
            self.expression(statement.weight, scope)
        if statement.name is not None:
            self._resolver.bind(scope, statement, statement.name, _ENDS[type(statement)])

    def _updated(self, statement: ast.Update, scope: Names) -> None:
        """`m <- value` gives the state `m` a new value; it never makes a name."""
        symbol = scope.find(statement.target.id)
        span = self._resolver.place(statement.target)
        if symbol is not None and span is not None:
            symbol.writes.append(span)
            self._resolver.table.add(span, symbol, writes=True)

    def _setting(self, setting: ast.Setting, scope: Names) -> None:
        for value in setting.values:
            if setting.word in _METRIC_SETTINGS:
                self._metric(value, scope)
            else:
                self.expression(value, scope)
        for value in setting.over:
            self.expression(value, scope)

    def _metric(self, value: ast.Expr, scope: Names) -> None:
        """`test.accuracy`: a metric or loss of the model by its name; `no_improvement(test.loss)`."""
        match value:
            case ast.Attribute(value=ast.Name(id=split)) if split in SPLITS:
                symbol = scope.find(value.name)
                self._resolver.read(symbol, self._resolver.place(value))
            case ast.Call():
                for argument in value.args:
                    self._metric(argument.value, scope)
            case _:
                self.expression(value, scope)

    # ---- expressions

    def expression(self, expr: ast.Expr, scope: Names) -> None:
        """Resolve the names of an expression."""
        self._below(expr, scope)

    def _below(self, node: ast.Node | None, scope: Names) -> None:
        if node is None:
            return
        handler = self._handlers.get(type(node))
        if handler is not None:
            handler(node, scope)
            return
        for child in ast.children(node):
            self._below(child, scope)

    def _name(self, expr: ast.Name, scope: Names) -> None:
        self._resolver.read(scope.find(expr.id), self._resolver.place(expr))

    def _attribute(self, expr: ast.Attribute, scope: Names) -> None:
        self._below(expr.value, scope)
        self._resolver.read(self._resolver.callees.attribute(expr, scope), self._resolver.place(expr))

    def _call(self, expr: ast.Call, scope: Names) -> None:
        self._below(expr.callee, scope)
        callee = self._resolver.callees.find(expr.callee, scope)
        symbol, stage = callee or (None, "first")
        self.arguments(expr.args, scope, symbol, stage)

    def arguments(
        self, args: Sequence[ast.Argument], scope: Names, callee: Symbol | None, stage: Stage
    ) -> None:
        """Resolve the arguments of a call; their names are those of parameters of the callee."""
        for arg in args:
            self._below(arg.value, scope)
            if arg.name is not None and callee is not None:
                member = self._resolver.callees.member(callee, arg.name, stage)
                self._resolver.pass_to(member, arg.name_span)

    def _pipe(self, expr: ast.Pipe, scope: Names) -> None:
        self._below(expr.value, scope)
        self._below(expr.target, scope)

    def _lambda(self, expr: ast.Lambda, scope: Names) -> None:
        inner = self._resolver.scope(expr.span, scope)
        for param in expr.params:
            self._below(param.default, scope)
            self._resolver.bind(inner, param, param.name, "setting")
            if param.type is not None:
                self.type(param.type, inner, fresh=True)
        self._below(expr.body, inner)

    def _comprehension(self, expr: ast.Comprehension, scope: Names) -> None:
        self._below(expr.iterable, scope)
        inner = self._resolver.scope(expr.span, scope)
        for target in expr.targets:
            self._resolver.bind(inner, target, target.id, "value")
        self._below(expr.condition, inner)
        self._below(expr.element, inner)

    def _scan(self, expr: ast.Scan, scope: Names) -> None:
        """What is carried is bound in the body, and after the loop outside of it: one symbol."""
        for part in (*expr.sequences, expr.axis, expr.truncate):
            self._below(part, scope)
        for carry in expr.carries:
            self._below(carry.init, scope)
        for carry in expr.carries:
            self._resolver.bind(scope, carry, carry.name, "value")
        inner = self._resolver.scope(expr.span, scope, merges=True)
        index = Symbol(expr.index.id, "value", expr.index)
        inner.own[expr.index.id] = index
        self._resolver.bind(inner, expr.index, expr.index.id, "value")
        self.run(expr.body, inner)

    # ---- types

    def type(self, found: ast.Type, scope: Names, *, fresh: bool) -> None:
        """Resolve the dimensions of a type; unknown names become dimensions when `fresh`."""
        if not isinstance(found, ast.TensorType):
            return
        for dim in found.dims:
            for node in ast.walk(dim):
                if isinstance(node, ast.Name):
                    symbol = scope.find(node.id)
                    if symbol is None and fresh:
                        self._resolver.bind(scope, node, node.id, "dimension")
                    else:
                        self._resolver.read(symbol, self._resolver.place(node))
