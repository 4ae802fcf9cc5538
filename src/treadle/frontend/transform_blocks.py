"""Rules of the grammar for statements and blocks; part of the `transform` stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from treadle.errors import fail
from treadle.frontend import ast
from treadle.frontend.transform_exprs import ExpressionRules, Parts, optional_text
from treadle.source import Span

DefinitionT = TypeVar("DefinitionT", bound=ast.Definition)


@dataclass(frozen=True)
class _ShortBody:
    """The body of a definition written `= value`."""

    statements: tuple[ast.Statement, ...]


class BlockRules(ExpressionRules):
    """One method per rule of the statement half of the grammar."""

    # ---- the file and its blocks

    def spec(self, parts: Parts, _span: Span) -> tuple[ast.TopLevel, ...]:
        """The blocks of the file."""
        return tuple(parts)

    def use(self, parts: Parts, span: Span) -> ast.Use:
        """`use "path" as alias`."""
        return ast.Use(self._text(parts[0]), optional_text(parts[1]), span=span)

    def const(self, parts: Parts, span: Span) -> ast.Const:
        """`const name = value`."""
        return ast.Const(str(parts[0]), parts[1], span=span)

    def model(self, parts: Parts, span: Span) -> ast.Model:
        """`model name(params) { body }`."""
        return ast.Model(str(parts[0]), parts[1] or (), parts[2], span=span)

    def layer(self, parts: Parts, span: Span) -> ast.Layer:
        """`layer name(config)(inputs) ...`."""
        return _curried(ast.Layer, parts, span)

    def optimizer(self, parts: Parts, span: Span) -> ast.Optimizer:
        """`optimizer name(config)(inputs) ...`."""
        return _curried(ast.Optimizer, parts, span)

    def schedule(self, parts: Parts, span: Span) -> ast.Schedule:
        """`schedule name(config)(inputs) ...`."""
        return _curried(ast.Schedule, parts, span)

    def init(self, parts: Parts, span: Span) -> ast.Init:
        """`init name(config)(inputs) ...`."""
        return _curried(ast.Init, parts, span)

    def fn(self, parts: Parts, span: Span) -> ast.Fn:
        """`fn name(inputs) ...`."""
        name, *rest = parts
        return _curried(ast.Fn, [name, (), *rest], span)

    def short_body(self, parts: Parts, span: Span) -> _ShortBody:
        """`= value` in place of a block."""
        return _ShortBody((ast.Return((parts[0],), span=span),))

    def returns(self, parts: Parts, _span: Span) -> tuple[ast.Type, ...]:
        """The types after `->`."""
        return tuple(parts)

    def where(self, parts: Parts, _span: Span) -> tuple[ast.Condition, ...]:
        """The conditions after `where`."""
        return tuple(parts)

    def condition(self, parts: Parts, span: Span) -> ast.Condition:
        """`condition else "message"`."""
        return ast.Condition(parts[0], self._text(parts[1]), span=span)

    # ---- statements

    def body(self, parts: Parts, _span: Span) -> tuple[ast.Statement, ...]:
        """The statements between braces."""
        return tuple(parts)

    def input_(self, parts: Parts, span: Span) -> ast.Input:
        """`input name: type`."""
        return ast.Input(str(parts[0]), _tensor_type(parts[1], "an input"), span=span)

    def target(self, parts: Parts, span: Span) -> ast.Target:
        """`target name: type`."""
        return ast.Target(str(parts[0]), _tensor_type(parts[1], "a target"), span=span)

    def param(self, parts: Parts, span: Span) -> ast.Param:
        """`param name: type = init`."""
        return ast.Param(str(parts[0]), _tensor_type(parts[1], "a parameter"), parts[2], span=span)

    def state(self, parts: Parts, span: Span) -> ast.State:
        """`state name: type = init`."""
        declared = None if parts[1] is None else _tensor_type(parts[1], "a state")
        return ast.State(str(parts[0]), declared, parts[2], span=span)

    def output(self, parts: Parts, span: Span) -> ast.Output:
        """`output name = value`."""
        return ast.Output(optional_text(parts[0]), parts[1], span=span)

    def loss(self, parts: Parts, span: Span) -> ast.Loss:
        """`loss name = value weight w`."""
        return ast.Loss(optional_text(parts[0]), parts[1], parts[2], span=span)

    def metric(self, parts: Parts, span: Span) -> ast.Metric:
        """`metric name = value`."""
        return ast.Metric(optional_text(parts[0]), parts[1], span=span)

    def assign(self, parts: Parts, span: Span) -> ast.Assign:
        """`a, b = value`."""
        *tokens, values = parts
        value = values[0]
        if len(values) > 1:
            value = ast.Tuple(values, span=values[0].span.to(values[-1].span))
        return ast.Assign(tuple(self._name(token) for token in tokens), value, span=span)

    def update(self, parts: Parts, span: Span) -> ast.Update:
        """`target <- value`."""
        return ast.Update(self._name(parts[0]), parts[1], span=span)

    def values(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """Expressions between commas."""
        return tuple(parts)

    def return_(self, parts: Parts, span: Span) -> ast.Return:
        """`return a, b`."""
        return ast.Return(tuple(parts), span=span)

    def yield_(self, parts: Parts, span: Span) -> ast.Yield:
        """`yield a, b`."""
        return ast.Yield(tuple(parts), span=span)

    def for_(self, parts: Parts, span: Span) -> ast.For:
        """`for names in iterable { body }`."""
        return ast.For(parts[0], parts[1], parts[2], span=span)

    def if_(self, parts: Parts, span: Span) -> ast.If:
        """`if condition { body } else { body }`."""
        condition, then, otherwise = parts
        if isinstance(otherwise, ast.If):
            otherwise = (otherwise,)
        return ast.If(condition, then, otherwise or (), span=span)

    def require(self, parts: Parts, span: Span) -> ast.Require:
        """`require condition else "message"`."""
        return ast.Require(parts[0], self._text(parts[1]), span=span)

    def expression_statement(self, parts: Parts, span: Span) -> ast.ExprStatement:
        """An expression on a line of its own."""
        return ast.ExprStatement(parts[0], span=span)

    # ---- data and train blocks

    def data(self, parts: Parts, span: Span) -> ast.Data:
        """`data name(params) { items }`."""
        return ast.Data(str(parts[0]), parts[1] or (), parts[2], span=span)

    def train(self, parts: Parts, span: Span) -> ast.Train:
        """`train model(args) on data(args) as alias { items }`."""
        model, model_args, data, data_args, alias, items = parts
        return ast.Train(
            self._name(model),
            model_args.content if model_args else (),
            self._name(data) if data else None,
            data_args.content if data_args else (),
            optional_text(alias),
            items,
            span=span,
        )

    def generate(self, parts: Parts, span: Span) -> ast.Generate:
        """`generate model(args) on data(args) as alias { items }`."""
        model, model_args, data, data_args, alias, items = parts
        return ast.Generate(
            self._name(model),
            model_args.content if model_args else (),
            self._name(data) if data else None,
            data_args.content if data_args else (),
            optional_text(alias),
            items,
            span=span,
        )

    def sweep(self, parts: Parts, span: Span) -> ast.Sweep:
        """`sweep train as alias { items }`."""
        return ast.Sweep(self._name(parts[0]), optional_text(parts[1]), parts[2], span=span)

    def adapt(self, parts: Parts, span: Span) -> ast.Adapt:
        """`adapt model(args) as name { items }`."""
        model, args, name, items = parts
        given = args.content if args else ()
        return ast.Adapt(self._name(model), given, str(name), items, span=span)

    def items(self, parts: Parts, _span: Span) -> tuple[ast.BlockItem, ...]:
        """The items between braces."""
        return tuple(parts)

    def setting(self, parts: Parts, span: Span) -> ast.Setting:
        """`word values over selectors`."""
        return ast.Setting(str(parts[0]), parts[1], parts[2] or (), span=span)

    def bare(self, parts: Parts, span: Span) -> ast.Setting:
        """`word`."""
        return ast.Setting(str(parts[0]), (), (), span=span)

    def stop_when(self, parts: Parts, span: Span) -> ast.Setting:
        """`stop when condition`."""
        return ast.Setting("stop when", tuple(parts), (), span=span)

    def keep_best(self, parts: Parts, span: Span) -> ast.Setting:
        """`keep best metric` or `keep best n by metric`."""
        return ast.Setting("keep best", tuple(part for part in parts if part is not None), (), span=span)

    def keep_last(self, parts: Parts, span: Span) -> ast.Setting:
        """`keep last n`."""
        return ast.Setting("keep last", tuple(parts), (), span=span)

    def keep_every(self, parts: Parts, span: Span) -> ast.Setting:
        """`keep every n unit`."""
        return self._cadence("keep every", parts, span)

    def save_every(self, parts: Parts, span: Span) -> ast.Setting:
        """`save every n unit`."""
        return self._cadence("save every", parts, span)

    def _cadence(self, word: str, parts: Parts, span: Span) -> ast.Setting:
        """The unit is a word of the language here, not the name of a value."""
        unit = ast.Literal(str(parts[1]), span=self._name(parts[1]).span)
        return ast.Setting(word, (parts[0], unit), (), span=span)

    def over(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """The selectors after `over`."""
        return tuple(parts)

    def minimize(self, parts: Parts, span: Span) -> ast.Minimize:
        """`minimize value over selectors with optimizer`."""
        return ast.Minimize(parts[0], parts[1] or (), parts[2], span=span)

    def phase(self, parts: Parts, span: Span) -> ast.Phase:
        """`phase name repeat n { items }`."""
        return ast.Phase(str(parts[0]), parts[1], parts[2], span=span)

    def augment(self, parts: Parts, span: Span) -> ast.Augment:
        """`augment(split) { body }`."""
        return ast.Augment(self._name(parts[0]), parts[1], span=span)

    def load(self, parts: Parts, span: Span) -> ast.Load:
        """`load file into selectors rename rules transpose rules partial patterns`."""
        file, into, rename, transpose, partial = parts
        return ast.Load(file, into or (), rename or (), transpose or (), partial, span=span)

    def into(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """The selectors after `into`."""
        return tuple(parts)

    def rename(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """The rules after `rename`."""
        return tuple(parts)

    def transpose(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """The rules after `transpose`."""
        return tuple(parts)

    def partial(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """The patterns after `partial`, if there are any."""
        return tuple(part for part in parts if part is not None)

    def wrap(self, parts: Parts, span: Span) -> ast.Wrap:
        """`wrap layers at patterns with wrapper`."""
        return ast.Wrap(parts[0], parts[1] or (), parts[2], span=span)

    def places(self, parts: Parts, _span: Span) -> tuple[ast.Expr, ...]:
        """The patterns after `at`."""
        return tuple(parts)

    def vary(self, parts: Parts, span: Span) -> ast.Vary:
        """`path in values`."""
        *path, values = parts
        return ast.Vary(tuple(str(name) for name in path), values, span=span)


def _curried(node: type[DefinitionT], parts: Parts, span: Span) -> DefinitionT:
    name, config, inputs, returns, conditions, body = parts
    short = isinstance(body, _ShortBody)
    statements = body.statements if short else body
    return node(str(name), config, inputs, returns, conditions, statements, short, span=span)


def _tensor_type(found: ast.Type, what: str) -> ast.TensorType:
    if not isinstance(found, ast.TensorType):
        fail("E0118", f"{what} has a tensor type, not `{found.span.text}`", found.span, hint="such as [N, 4]")
    return found
