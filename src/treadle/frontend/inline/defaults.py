"""Fills in the arguments that a call leaves to their defaults.

Input: a call whose callee is known. Output: the call with all arguments by name. A default that is computed
from other parameters stays where it is defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from treadle.frontend import ast
from treadle.frontend.elaborate.settings import DEFAULT_BATCH
from treadle.frontend.program import Block
from treadle.source import Span

Translate = Callable[[ast.Expr], ast.Expr | None]

_DEFAULT_SETTINGS: tuple[tuple[str, int], ...] = (("batch", DEFAULT_BATCH), ("seed", 0))


def parameters_of(block: Block) -> tuple[ast.Parameter, ...]:
    """The parameters of the first call."""
    if isinstance(block, ast.Fn):
        return block.inputs
    if isinstance(block, ast.Definition):
        return block.config
    return block.params if isinstance(block, ast.Model | ast.Data) else ()


def builds(block: Block, call: ast.Call) -> bool:
    """Whether a call is surely the first one of a layer, rather than its application to a tensor."""
    if not isinstance(block, ast.Layer | ast.Model) or not call.args or call.args[0].name is not None:
        return True
    needed = any(param.default is None for param in parameters_of(block))
    return needed or isinstance(call.args[0].value, ast.Literal)


def completed(
    args: Sequence[ast.Argument],
    params: Sequence[ast.Parameter],
    span: Span,
    translate: Translate,
    before: int = 0,
) -> tuple[ast.Argument, ...]:
    """The arguments with the missing defaults; `before` parameters are given in another way."""
    positional = before + sum(arg.name is None for arg in args)
    given = {param.name for param in params[:positional]} | {arg.name for arg in args if arg.name}
    own = {param.name for param in params}
    missing = []
    for param in params:
        if param.name in given or param.default is None or _uses(param.default, own):
            continue
        value = translate(param.default)
        if value is not None:
            missing.append(ast.Argument(param.name, value, span=span))
    return (*args, *missing)


def completed_train(train: ast.Train) -> ast.Train:
    """A train block that says its batch and seed."""
    said = {item.word for item in train.items if isinstance(item, ast.Setting)}
    missing = [
        ast.Setting(word, (ast.Literal(value, span=train.span),), (), span=train.span)
        for word, value in _DEFAULT_SETTINGS
        if word not in said
    ]
    return replace(train, items=(*train.items, *missing))


def _uses(expr: ast.Expr, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(expr))
