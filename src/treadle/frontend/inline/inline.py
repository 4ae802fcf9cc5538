"""Collects the blocks that a spec uses, rewrites their names and prints them in one text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from treadle.errors import did_you_mean, fail
from treadle.frontend import ast
from treadle.frontend.format import format_source
from treadle.frontend.inline.defaults import builds, completed, completed_train, parameters_of
from treadle.frontend.inline.names import Home, Names, bound_names
from treadle.frontend.program import Module
from treadle.frontend.spec_text import spec_to_text
from treadle.source import Source

AnyNode = TypeVar("AnyNode", bound=ast.Node)
_USERS = (ast.Train, ast.Generate)


def inlined_text(main: Module, model: str | None = None) -> str:
    """The spec as one text; with `model` only what belongs to that model.

    Raises:
        TreadleError: E1005 when there is no such model.
    """
    blocks: list[ast.TopLevel] = [block for block in main.spec.blocks if not isinstance(block, ast.Use)]
    if model is not None:
        blocks = _of_model(main, blocks, model)
    text = "".join(_sections(main, _Inliner(main).run(blocks)))
    return format_source(Source(main.source.name, text))


def _of_model(main: Module, blocks: list[ast.TopLevel], model: str) -> list[ast.TopLevel]:
    if not isinstance(main.blocks.get(model), ast.Model | ast.Adapt):
        known = [name for name, block in main.blocks.items() if isinstance(block, ast.Model | ast.Adapt)]
        hint = did_you_mean(model, known) or f"models are: {', '.join(known)}"
        fail("E1005", f"{main.source.name} has no model `{model}`", hint=hint)
    users = [block for block in blocks if isinstance(block, _USERS) and block.model.id == model]
    return [cast(ast.TopLevel, main.blocks[model]), *users]


def _sections(main: Module, blocks: Iterable[tuple[ast.TopLevel, Module | None]]) -> Iterator[str]:
    """The blocks as text; those from elsewhere under the name of their file."""
    file = main.source.name
    for block, _ in blocks:
        origin = block.span.source.name
        if origin != file:
            yield f"# from {origin}\n"
        file = origin
        yield spec_to_text(ast.Spec((block,), span=block.span)) + "\n"


class _Inliner:
    """Rewrites blocks one after another; what they use is added to the queue."""

    def __init__(self, main: Module) -> None:
        self.main = main
        self.names = Names(main)
        self.queue: list[tuple[ast.TopLevel, Module | None]] = []
        self.queued: set[int] = set()

    def run(self, blocks: Iterable[ast.TopLevel]) -> list[tuple[ast.TopLevel, Module | None]]:
        """The blocks and all that they use, rewritten, in the order of their first use."""
        for block in blocks:
            self._add(block, self.main)
        done: list[tuple[ast.TopLevel, Module | None]] = []
        for block, module in self.queue:  # grows while it is read
            done.append((_Rewriter(self, block, module).run(), module))
        return done

    def use(self, home: Home) -> str:
        """The new name of a block, which is added to the result."""
        self._add(home.block, home.module)
        return self.names.name_of(home)

    def _add(self, block: ast.TopLevel, module: Module | None) -> None:
        if id(block) not in self.queued:
            self.queued.add(id(block))
            self.queue.append((block, module))


class _Rewriter:
    """Rewrites one block: names, and the arguments left to their defaults."""

    def __init__(self, inliner: _Inliner, block: ast.TopLevel, module: Module | None) -> None:
        self.inliner = inliner
        self.block = block
        self.module = module
        self.local = bound_names(block)

    def run(self) -> ast.TopLevel:
        block = self._rewritten(self.block)
        if isinstance(block, ast.Train):
            return completed_train(block)
        if isinstance(block, ast.Model | ast.Definition | ast.Const | ast.Data):
            home = self.inliner.names.find(self.module, block.name)
            return block if home is None else replace(block, name=self.inliner.names.name_of(home))
        return block

    def _rewritten(self, node: AnyNode) -> AnyNode:
        match node:
            case ast.Name():
                return cast(AnyNode, self._name(node))
            case ast.Attribute(value=ast.Name(id=alias), name=name) if alias not in self.local:
                home = self.inliner.names.find_member(self.module, alias, name)
                if home is not None:
                    return cast(AnyNode, ast.Name(self.inliner.use(home), span=node.span))
            case ast.Call():
                return cast(AnyNode, self._call(node, before=0))
            case ast.Pipe(target=ast.Call() as target):
                call = self._call(target, before=1)
                return cast(AnyNode, replace(node, value=self._rewritten(node.value), target=call))
            case ast.Train():
                return cast(AnyNode, self._train(node))
            case _:
                pass
        return self._children(node)

    def _children(self, node: AnyNode) -> AnyNode:
        changed: dict[str, Any] = {}
        for spec in fields(node):
            value = getattr(node, spec.name)
            if isinstance(value, ast.Node):
                changed[spec.name] = self._rewritten(value)
            elif isinstance(value, tuple) and any(isinstance(item, ast.Node) for item in value):
                changed[spec.name] = tuple(self._rewritten(item) for item in value)
        return replace(node, **changed)

    def _name(self, node: ast.Name) -> ast.Name:
        home = None if node.id in self.local else self.inliner.names.find(self.module, node.id)
        return node if home is None else replace(node, id=self.inliner.use(home))

    def _call(self, node: ast.Call, before: int) -> ast.Call:
        home = self._callee(node.callee)
        call = self._children(node)
        if home is None:
            return call
        if isinstance(node.callee, ast.Name) and node.callee.id in self.local:
            self.inliner.use(home)  # maybe the local one is meant: then this one does no harm
            return call
        if not builds(home.block, node):
            return call
        before = before if isinstance(home.block, ast.Fn) else 0
        return replace(call, args=self._completed(call.args, home, node, before))

    def _callee(self, callee: ast.Expr) -> Home | None:
        match callee:
            case ast.Name(id=name):
                return self.inliner.names.find(self.module, name)
            case ast.Attribute(value=ast.Name(id=alias), name=name):
                return self.inliner.names.find_member(self.module, alias, name)
            case _:
                return None

    def _completed(
        self, args: tuple[ast.Argument, ...], home: Home, node: ast.Node, before: int = 0
    ) -> tuple[ast.Argument, ...]:
        return completed(
            args, parameters_of(home.block), node.span, lambda default: self._default(default, home), before
        )

    def _default(self, default: ast.Expr, home: Home) -> ast.Expr | None:
        """A default of another block as it is said here; None when a name means something else here."""
        inside = _Rewriter(self.inliner, home.block, home.module)
        inside.local = set()
        value = inside._rewritten(default)
        used = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        return None if used & self.local else value

    def _train(self, node: ast.Train) -> ast.Train:
        train = self._children(node)
        model = self.inliner.names.find(self.module, node.model.id)
        data = None if node.data is None else self.inliner.names.find(self.module, node.data.id)
        if model is not None:
            train = replace(train, model_args=self._completed(train.model_args, model, node))
        if data is not None:
            train = replace(train, data_args=self._completed(train.data_args, data, node))
        return train
