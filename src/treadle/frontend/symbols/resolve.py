"""Resolving names: walks the blocks of a file in the order in which they see each other.

Input: a module. Output: the occurrences and scopes of its table. Names mean what they mean to the
elaborator: a body is one scope, `scan`, lambdas and comprehensions have their own, a train block sees the
names of its model.
"""

from __future__ import annotations

from treadle.frontend import ast
from treadle.frontend.elaborate.data import is_source
from treadle.frontend.program import Module
from treadle.frontend.symbols.callees import Callees
from treadle.frontend.symbols.places import name_span, path_spans
from treadle.frontend.symbols.program import KINDS, Program
from treadle.frontend.symbols.statements import StatementNames
from treadle.frontend.symbols.table import Kind, Names, Symbol, Table
from treadle.source import Span

UsesModel = ast.Train | ast.Generate


class Resolver:
    """Fills the table of one file."""

    def __init__(self, program: Program, module: Module, table: Table, code: str) -> None:
        """Make ready; `code` is the text without comments."""
        self.program = program
        self.module = module
        self.table = table
        self.code = code
        self.callees = table.callees = Callees(self)
        self.file = table.file = Names(module.spec.span, None, self._outside)
        self._statements = StatementNames(self)

    def run(self) -> None:
        """Resolve all names of the file."""
        blocks = self.module.spec.blocks
        for block in blocks:
            self._declare(block)
        for kinds in ((ast.Const,), (ast.Definition, ast.Model), (ast.Data, ast.Adapt), (ast.Train,)):
            for block in blocks:
                if isinstance(block, kinds):
                    self._resolve(block)
        for block in blocks:
            if isinstance(block, ast.Generate | ast.Sweep):
                self._resolve(block)

    # ---- what the parts need of each other

    def read(self, symbol: Symbol | None, span: Span | None) -> Symbol | None:
        """Note that a symbol is read at a place."""
        if symbol is not None and span is not None:
            symbol.reads.append(span)
            self.table.add(span, symbol, writes=False)
        return symbol

    def pass_to(self, symbol: Symbol | None, span: Span | None) -> None:
        """Note that a call gives a value to a parameter by its name."""
        if symbol is not None and span is not None:
            symbol.passed.append(span)
            self.table.add(span, symbol, writes=False)

    def bind(
        self, scope: Names, node: ast.Node, name: str, kind: Kind, owner: Symbol | None = None
    ) -> Symbol:
        """Note that a node gives a name."""
        symbol = scope.to_bind(name)
        if symbol is None:
            symbol = scope.own[name] = Symbol(name, kind, node, owner=owner)
        span = name_span(node, self.code)
        if span is not None:
            symbol.writes.append(span)
            self.table.add(span, symbol, writes=True)
        return symbol

    def scope(self, span: Span, parent: Names | None, *, merges: bool = False) -> Names:
        """A new scope inside of another, or of the file."""
        scope = Names(span, parent, self._outside, merges=merges)
        self.table.scopes.append(scope)
        return scope

    def place(self, node: ast.Node) -> Span | None:
        """Where a node names something."""
        return name_span(node, self.code)

    def _outside(self, name: str) -> Symbol | None:
        """What a name means at the level of the file."""
        if name in self.table.top:
            return self.table.top[name]
        for used in self.module.merged:
            if name in used.blocks:
                return self.program.table(used).top.get(name)
        return self.program.outside(name)

    # ---- blocks

    def _declare(self, block: ast.TopLevel) -> None:
        """The name of a block, and of the parameters in its header."""
        table = self.table
        if isinstance(block, ast.Use):
            if block.alias is not None and block.alias in self.module.aliased:
                table.top[block.alias] = self.bind(self.file, block, block.alias, "file")
        elif isinstance(block, ast.Train):
            name = block.alias or block.model.id
            made = Symbol(name, "training", block)
            if block.alias is not None:
                made = self.bind(Names(block.span, None, self._outside), block, name, "training")
            table.trainings.setdefault(name, made)
        elif isinstance(block, ast.Model | ast.Definition | ast.Data | ast.Const | ast.Adapt):
            table.top[block.name] = self.bind(self.file, block, block.name, KINDS[_kind(block)])
            if isinstance(block, ast.Model | ast.Definition | ast.Data):
                table.bodies[id(block)] = self.scope(block.span, None)

    def _resolve(self, block: ast.TopLevel) -> None:
        statements = self._statements
        if isinstance(block, ast.Const):
            statements.expression(block.value, self.file)
            self.table.top[block.name].value = block.value
        elif isinstance(block, ast.Definition):
            self._definition(block)
        elif isinstance(block, ast.Model):
            scope = self.table.bodies[id(block)]
            self._header(block.params, scope, self.table.top.get(block.name))
            statements.run(block.body, scope)
        elif isinstance(block, ast.Data):
            self._data(block)
        elif isinstance(block, ast.Adapt):
            model = self.read(self._outside(block.model.id), block.model.span)
            statements.arguments(block.model_args, self.file, model, "first")
            statements.run(block.items, self.scope(block.span, None))
        elif isinstance(block, ast.Train | ast.Generate):
            self._use_of_model(block)
        elif isinstance(block, ast.Sweep):
            self._sweep(block)

    def _definition(self, block: ast.Definition) -> None:
        statements, scope = self._statements, self.table.bodies[id(block)]
        owner = self.table.top.get(block.name)
        self._header(block.config, scope, owner)
        self._header(block.inputs, scope, owner)
        for returned in block.returns:
            statements.type(returned, scope, fresh=False)
        for condition in block.conditions:
            statements.expression(condition.condition, scope)
        statements.run(block.body, scope)

    def _header(self, params: tuple[ast.Parameter, ...], scope: Names, owner: Symbol | None) -> None:
        for param in params:
            if param.default is not None:
                self._statements.expression(param.default, scope)
            self.bind(scope, param, param.name, "setting", owner).value = param.default
        for param in params:
            if param.type is not None:
                self._statements.type(param.type, scope, fresh=True)

    def _data(self, block: ast.Data) -> None:
        scope = self.table.bodies[id(block)]
        self._header(block.params, scope, self.table.top.get(block.name))
        for item in block.items:
            if isinstance(item, ast.Assign) and is_source(item):
                self._source(item, scope)
            else:
                self._statements.run((item,), scope, kind="column")

    def _source(self, item: ast.Assign, scope: Names) -> None:
        """`train, test = csv(...)`: the names of a data source have a space of their own."""
        call = item.value
        if isinstance(call, ast.Call) and isinstance(call.callee, ast.Name):
            self.read(self.program.source_of_data(call.callee.id), call.callee.span)
            self._statements.arguments(call.args, scope, None, "first")
        else:
            self._statements.expression(call, scope)
        for target in item.targets:
            self.bind(scope, target, target.id, "split")

    def _use_of_model(self, block: UsesModel) -> None:
        statements = self._statements
        model = self.read(self._outside(block.model.id), block.model.span)
        statements.arguments(block.model_args, self.file, model, "first")
        inner = self.scope(block.span, self.model_scope(block.model.id))
        if block.data is not None:
            data = self.read(self._outside(block.data.id), block.data.span)
            statements.arguments(block.data_args, inner, data, "first")
            self._link(block)
        statements.run(block.items, inner)
        self.table.bodies[id(block)] = inner

    def model_scope(self, name: str) -> Names | None:
        """The scope of the body of a model, also one that `adapt` makes or another file holds."""
        module, passed = self.module, set[str]()
        while (found := module.find(name)) is not None and name not in passed:
            passed.add(name)
            module, block = found
            if isinstance(block, ast.Model):
                return self.program.table(module).bodies.get(id(block))
            if not isinstance(block, ast.Adapt):
                return None
            name = block.model.id
        return None

    def _link(self, block: UsesModel) -> None:
        """Columns of the data are found by the names of the model's inputs: both are renamed together."""
        model = self.model_scope(block.model.id)
        found = self.module.find(block.data.id) if block.data is not None else None
        if model is None or found is None or not isinstance(found[1], ast.Data):
            return
        columns = self.program.table(found[0]).bodies.get(id(found[1]))
        for name, symbol in model.own.items():
            column = columns.own.get(name) if columns is not None else None
            if symbol.kind in ("input", "target") and column is not None and column.kind == "column":
                symbol.linked.append(column)
                column.linked.append(symbol)

    def _sweep(self, block: ast.Sweep) -> None:
        training = self.table.trainings.get(block.train.id)
        train = training.node if training is not None else None
        if training is not None and training.writes:
            self.read(training, block.train.span)
        else:
            self.read(self._outside(block.train.id), block.train.span)
        scope = self.scope(block.span, None)
        for item in block.items:
            if isinstance(item, ast.Vary):
                self._vary(item, train if isinstance(train, ast.Train) else None)
                self._statements.expression(item.values, scope)
            else:
                self._statements.run((item,), scope)

    def _vary(self, item: ast.Vary, train: ast.Train | None) -> None:
        """A path of a sweep: a constant or parameter, or an argument of a setting's call or of a layer."""
        words = list(path_spans(item, self.code))
        if not words:
            return
        (first, span), *rest = words
        if not rest:
            self.read(self._varied(first, train), span)
            return
        callee = self.callees.of_setting(first, train) or self._outside(first)
        if self.callees.of_setting(first, train) is None:
            self.read(callee, span)
        if callee is not None:
            self.read(self.callees.member(callee, rest[0][0]), rest[0][1])

    def _varied(self, name: str, train: ast.Train | None) -> Symbol | None:
        for used in () if train is None else (train.model, train.data):
            owner = None if used is None else self._outside(used.id)
            found = None if owner is None else self.callees.member(owner, name)
            if found is not None:
                return found
        return self.table.top.get(name)


def _kind(block: ast.Node) -> type[ast.Node]:
    return next(kind for kind in type(block).__mro__ if kind in KINDS)
