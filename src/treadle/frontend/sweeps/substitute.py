"""Substitution: the spec of a trial, with the values of its axes in place.

A path means, in this order: a constant of the file (`size`), a setting of the train block (`batch`), a
parameter of the model or the data (`depth`, `Net.depth`), an argument of a setting (`optimizer.lr`), or an
argument of every call of a layer in the file (`dropout.rate`). Input: a module. Output: a syntax tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, cast

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.elaborate.settings import WORDS
from treadle.frontend.program import Module, library_block
from treadle.frontend.sweeps.plan import Axis, SweepPlan

Rule = Callable[[ast.Node], ast.Node | None]


def substitute(module: Module, plan: SweepPlan, values: Iterable[tuple[Axis, ast.Expr]]) -> ast.Spec:
    """The spec with these values, without its sweeps and with no other train block.

    Raises:
        TreadleError: E1206 for a path that means nothing.
    """
    blocks: list[ast.TopLevel] = [b for b in module.spec.blocks if not isinstance(b, ast.Sweep)]
    for axis, value in values:
        blocks = _Substitution(module, plan, axis, value).run(blocks)
    kept = [b for b in blocks if not isinstance(b, ast.Train) or _name(b) == plan.train]
    return replace(module.spec, blocks=tuple(kept))


class _Substitution:
    """Puts one value in its place."""

    def __init__(self, module: Module, plan: SweepPlan, axis: Axis, value: ast.Expr) -> None:
        self.module = module
        self.axis = axis
        self.value = value
        self.train = next(train for train in module.trains if _name(train) == plan.train)

    def run(self, blocks: Sequence[ast.TopLevel]) -> list[ast.TopLevel]:
        """The blocks with the value; they are those of the spec, maybe changed already."""
        *owner, name = self.axis.path
        rule = (
            self._rule(owner[0], name) if len(owner) == 1 else self._plain_rule(name) if not owner else None
        )
        if rule is None:
            known = self._known()
            hint = did_you_mean(self.axis.name, known) or f"such as {', '.join(known[:8])}"
            fail("E1206", f"`{self.axis.name}` is nothing that can vary", self.axis.span, hint=hint)
        return [cast(ast.TopLevel, rewritten(block, rule)) for block in blocks]

    def _plain_rule(self, name: str) -> Rule | None:
        if isinstance(self.module.blocks.get(name), ast.Const):
            return lambda node: self._constant(node, name)
        if name in WORDS:
            return lambda node: self._setting(node, name)
        if name in _params(self.module, self.train.model.id):
            return lambda node: self._argument_of_train(node, "model_args", name)
        if self.train.data is not None and name in _params(self.module, self.train.data.id):
            return lambda node: self._argument_of_train(node, "data_args", name)
        return None

    def _rule(self, owner: str, name: str) -> Rule | None:
        if owner == self.train.model.id and name in _params(self.module, owner):
            return lambda node: self._argument_of_train(node, "model_args", name)
        if (
            self.train.data is not None
            and owner == self.train.data.id
            and name in _params(self.module, owner)
        ):
            return lambda node: self._argument_of_train(node, "data_args", name)
        if owner in WORDS and any(isinstance(i, ast.Setting) and i.word == owner for i in self.train.items):
            return lambda node: self._argument_of_setting(node, owner, name)
        if name in _params(self.module, owner):
            return lambda node: self._argument_of_layer(node, owner, name)
        return None

    def _constant(self, node: ast.Node, name: str) -> ast.Node | None:
        return replace(node, value=self.value) if isinstance(node, ast.Const) and node.name == name else None

    def _setting(self, node: ast.Node, word: str) -> ast.Node | None:
        if not isinstance(node, ast.Train) or _name(node) != _name(self.train):
            return None
        others = [item for item in node.items if not (isinstance(item, ast.Setting) and item.word == word)]
        given = ast.Setting(word, (self.value,), (), span=self.axis.span)
        instead = {"epochs": "steps", "steps": "epochs"}.get(word)
        kept = [item for item in others if not (isinstance(item, ast.Setting) and item.word == instead)]
        return replace(node, items=(*kept, given))

    def _argument_of_train(self, node: ast.Node, where: str, name: str) -> ast.Node | None:
        if not isinstance(node, ast.Train) or _name(node) != _name(self.train):
            return None
        if where == "model_args":
            params = _params(self.module, self.train.model.id)
            return replace(node, model_args=self._with_argument(node.model_args, params, name))
        params = _params(self.module, self.train.data.id) if self.train.data else []
        return replace(node, data_args=self._with_argument(node.data_args, params, name))

    def _argument_of_setting(self, node: ast.Node, word: str, name: str) -> ast.Node | None:
        if isinstance(node, ast.Train) and _name(node) != _name(self.train):
            return node
        if not isinstance(node, ast.Setting) or node.word != word:
            return None
        return replace(node, values=tuple(self._called(value, name) for value in node.values))

    def _argument_of_layer(self, node: ast.Node, layer: str, name: str) -> ast.Node | None:
        called = isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.id == layer
        return self._called(cast(ast.Call, node), name) if called else None

    def _called(self, expr: ast.Expr, name: str) -> ast.Expr:
        """`adam(1e-3)` with another argument; a call without parentheses gets them."""
        if isinstance(expr, ast.Name):
            expr = ast.Call(expr, (), span=expr.span)
        if not isinstance(expr, ast.Call) or not isinstance(expr.callee, ast.Name):
            fail("E1206", f"`{self.axis.name}` is no argument of a call", self.axis.span)
        params = _params(self.module, expr.callee.id)
        if name not in params:
            hint = did_you_mean(name, params)
            fail("E1206", f"`{expr.callee.id}` has no argument `{name}`", self.axis.span, hint=hint)
        return replace(expr, args=self._with_argument(expr.args, params, name))

    def _with_argument(
        self, args: Sequence[ast.Argument], params: Sequence[str], name: str
    ) -> tuple[ast.Argument, ...]:
        place = params.index(name)
        unnamed = [arg for arg in args if arg.name is None]
        if place < len(unnamed):
            return tuple(replace(arg, value=self.value) if arg is unnamed[place] else arg for arg in args)
        others = [arg for arg in args if arg.name != name]
        return (*others, ast.Argument(name, self.value, span=self.axis.span))

    def _known(self) -> list[str]:
        constants = [name for name, block in self.module.blocks.items() if isinstance(block, ast.Const)]
        model = list(_params(self.module, self.train.model.id))
        words = [item.word for item in self.train.items if isinstance(item, ast.Setting)]
        return [*constants, *model, *words, "optimizer.lr"]


def rewritten(node: Any, rule: Rule) -> Any:
    """A tree with some nodes replaced; the rule is asked again inside what it replaced nothing of."""
    if isinstance(node, tuple):
        return tuple(rewritten(item, rule) for item in node)
    if not isinstance(node, ast.Node):
        return node
    found = rule(node)
    if found is not None:
        return found
    changes = {f.name: rewritten(getattr(node, f.name), rule) for f in fields(node) if f.name != "span"}
    return replace(node, **changes)


def _name(train: ast.Train) -> str:
    return train.alias or train.model.id


def _params(module: Module, name: str) -> list[str]:
    """The names of the parameters of a model, data block or definition of the file or the library."""
    found = module.find(name)
    block: Any = found[1] if found else library_block(name)
    while isinstance(block, ast.Adapt):
        inner = (found[0] if found else module).find(block.model.id)
        block = inner[1] if inner else None
    if isinstance(block, ast.Model | ast.Data):
        return [param.name for param in block.params]
    if isinstance(block, ast.Definition):
        return [param.name for param in (block.config or block.inputs)]
    return []
