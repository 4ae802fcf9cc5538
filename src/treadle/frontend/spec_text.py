"""Prints a syntax tree as Treadle text, in the canonical layout.

Input: `ast.Spec`. Output: text that parses to an equal tree. Shown by `--emit=ast`. Non-goals: comments
and the author's own line breaks.
"""

from __future__ import annotations

import re
from functools import singledispatch
from textwrap import indent
from typing import TYPE_CHECKING

from treadle.frontend import ast
from treadle.frontend.expr_text import (
    expr_to_text,
    list_to_text,
    operation_to_text,
    parameters_to_text,
    string_to_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATEMENT_WORDS = frozenset(
    ["input", "target", "param", "state", "const", "output", "loss", "metric", "require"]
)


def spec_to_text(spec: ast.Spec) -> str:
    """Return the whole file as text."""
    return "".join(f"{_text(block)}\n" for block in spec.blocks)


def body_to_text(body: Sequence[ast.Node]) -> str:
    """Return statements between braces, each on a line of its own."""
    if not body:
        return "{ }"
    lines = "\n".join(_text(statement) for statement in body)
    return f"{{\n{indent(lines, '  ')}\n}}"


@singledispatch
def _text(node: ast.Node) -> str:
    raise TypeError(f"{type(node).__name__} is not a statement")


@_text.register
def _(node: ast.Use) -> str:
    return f"use {string_to_text(node.path)}{_after('as', node.alias)}"


@_text.register
def _(node: ast.Const) -> str:
    return f"const {node.name} = {expr_to_text(node.value)}"


@_text.register
def _(node: ast.Model) -> str:
    params = parameters_to_text(node.params) if node.params else ""
    return f"model {node.name}{params} {body_to_text(node.body)}"


@_text.register
def _(node: ast.Definition) -> str:
    word = type(node).__name__.lower()
    config = "" if isinstance(node, ast.Fn) else parameters_to_text(node.config)
    header = f"{word} {node.name}{config}{parameters_to_text(node.inputs)}"
    if node.returns:
        types = list_to_text(node.returns)
        header += f" -> {types}" if len(node.returns) == 1 else f" -> ({types})"
    if node.conditions:
        header += f" where {', '.join(_condition(item.condition, item.message) for item in node.conditions)}"
    match node.body:
        case (ast.Return(values=(value,)),) if node.short:
            return f"{header} = {expr_to_text(value)}"
        case body:
            return f"{header} {body_to_text(body)}"


@_text.register
def _(node: ast.Data) -> str:
    params = parameters_to_text(node.params) if node.params else ""
    return f"data {node.name}{params} {body_to_text(node.items)}"


@_text.register
def _(node: ast.Train) -> str:
    header = f"train {node.model.id}{_arguments(node.model_args)}"
    if node.data is not None:
        header += f" on {node.data.id}{_arguments(node.data_args)}"
    return f"{header}{_after('as', node.alias)} {body_to_text(node.items)}"


@_text.register
def _(node: ast.Generate) -> str:
    header = f"generate {node.model.id}{_arguments(node.model_args)}"
    if node.data is not None:
        header += f" on {node.data.id}{_arguments(node.data_args)}"
    return f"{header}{_after('as', node.alias)} {body_to_text(node.items)}"


@_text.register
def _(node: ast.Sweep) -> str:
    return f"sweep {node.train.id}{_after('as', node.alias)} {body_to_text(node.items)}"


@_text.register
def _(node: ast.Adapt) -> str:
    header = f"adapt {node.model.id}{_arguments(node.model_args)} as {node.name}"
    return f"{header} {body_to_text(node.items)}"


@_text.register(ast.Input)
@_text.register(ast.Target)
def _(node: ast.Input | ast.Target) -> str:
    return f"{type(node).__name__.lower()} {node.name}: {list_to_text((node.type,))}"


@_text.register(ast.Param)
@_text.register(ast.State)
def _(node: ast.Param | ast.State) -> str:
    declared = "" if node.type is None else f": {list_to_text((node.type,))}"
    init = "" if node.init is None else f" = {expr_to_text(node.init)}"
    return f"{type(node).__name__.lower()} {node.name}{declared}{init}"


@_text.register(ast.Output)
@_text.register(ast.Loss)
@_text.register(ast.Metric)
def _(node: ast.Output | ast.Loss | ast.Metric) -> str:
    name = "" if node.name is None else f"{node.name} = "
    weight = node.weight if isinstance(node, ast.Loss) else None
    after = "" if weight is None else f" weight {expr_to_text(weight)}"
    return f"{type(node).__name__.lower()} {name}{expr_to_text(node.value)}{after}"


@_text.register
def _(node: ast.Assign) -> str:
    return f"{list_to_text(node.targets)} = {expr_to_text(node.value)}"


@_text.register
def _(node: ast.Update) -> str:
    return f"{node.target.id} <- {expr_to_text(node.value)}"


@_text.register(ast.Return)
@_text.register(ast.Yield)
def _(node: ast.Return | ast.Yield) -> str:
    return f"{type(node).__name__.lower()} {list_to_text(node.values)}"


@_text.register
def _(node: ast.For) -> str:
    return f"for {list_to_text(node.targets)} in {expr_to_text(node.iterable)} {body_to_text(node.body)}"


@_text.register
def _(node: ast.If) -> str:
    text = f"if {expr_to_text(node.condition)} {body_to_text(node.then)}"
    match node.otherwise:
        case ():
            return text
        case (ast.If() as nested,):
            return f"{text} else {_text(nested)}"
        case otherwise:
            return f"{text} else {body_to_text(otherwise)}"


@_text.register
def _(node: ast.Require) -> str:
    return f"require {_condition(node.condition, node.message)}"


@_text.register
def _(node: ast.ExprStatement) -> str:
    text = expr_to_text(node.value)
    first = re.match(r"\w+", text)
    return f"({text})" if first and first.group() in _STATEMENT_WORDS else text


@_text.register
def _(node: ast.Setting) -> str:
    match node.word, node.values:
        case "keep best", (count, metric):
            return f"keep best {expr_to_text(count)} by {expr_to_text(metric)}"
        case "keep every" | "save every", (count, ast.Literal(unit)):
            return f"{node.word} {expr_to_text(count)} {unit}"
        case _:
            return (
                f"{node.word}{_after('', list_to_text(node.values))}{_after('over', list_to_text(node.over))}"
            )


@_text.register
def _(node: ast.Minimize) -> str:
    optimizer = None if node.optimizer is None else expr_to_text(node.optimizer)
    over = _after("over", list_to_text(node.over))
    return f"minimize {expr_to_text(node.value)}{over}{_after('with', optimizer)}"


@_text.register
def _(node: ast.Phase) -> str:
    repeat = None if node.repeat is None else expr_to_text(node.repeat)
    return f"phase {node.name}{_after('repeat', repeat)} {body_to_text(node.items)}"


@_text.register
def _(node: ast.Augment) -> str:
    return f"augment({node.split.id}) {body_to_text(node.body)}"


@_text.register
def _(node: ast.Load) -> str:
    clauses = {"into": node.into, "rename": node.rename, "transpose": node.transpose}
    said = "".join(_after(word, list_to_text(part)) for word, part in clauses.items())
    patterns = f" {list_to_text(node.partial)}" if node.partial else ""
    return f"load {expr_to_text(node.file)}{said}{'' if node.partial is None else ' partial' + patterns}"


@_text.register
def _(node: ast.Wrap) -> str:
    places = _after("at", list_to_text(node.places))
    return f"wrap {list_to_text(node.layers)}{places} with {expr_to_text(node.wrapper)}"


@_text.register
def _(node: ast.Vary) -> str:
    return f"{'.'.join(node.path)} in {expr_to_text(node.values)}"


def _condition(condition: ast.Expr, message: str) -> str:
    return f"{operation_to_text(condition)} else {string_to_text(message)}"


def _arguments(arguments: Sequence[ast.Argument]) -> str:
    return f"({list_to_text(arguments)})" if arguments else ""


def _after(word: str, text: str | None) -> str:
    return "" if not text else f" {word} {text}" if word else f" {text}"
