"""Prints expressions, types and parameters of the syntax tree as Treadle text.

Input: nodes of `ast_exprs`. Output: text. Brackets are written only where the operator table demands them;
parsing what was printed gives an equal tree. Blocks are printed by `spec_text`.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from treadle.frontend import ast
from treadle.frontend.precedence import LOOSEST, TIGHTEST, binary_level, binary_sides, prefix_level

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAMBDA, _PIPE, _CONDITIONAL = LOOSEST - 3, LOOSEST - 2, LOOSEST - 1
_OPERATION = LOOSEST
_ATOM = TIGHTEST + 1
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def expr_to_text(expr: ast.Expr, level: int = _LAMBDA) -> str:
    """Return `expr` as text, in brackets when it binds less tightly than `level`."""
    text = _text(expr)
    return text if _level(expr) >= level else f"({text})"


def operation_to_text(expr: ast.Expr) -> str:
    """Return `expr` for a place where the grammar takes operators, but no pipe or conditional."""
    return expr_to_text(expr, _OPERATION)


def list_to_text(items: Iterable[ast.Node]) -> str:
    """Return expressions, slices and dots between commas."""
    return ", ".join(_text(item) for item in items)


def string_to_text(value: str) -> str:
    """Return `value` as a string literal."""
    return '"' + "".join(_ESCAPES.get(char, char) for char in value) + '"'


def parameters_to_text(parameters: Iterable[ast.Parameter]) -> str:
    """Return a parameter list with its brackets."""
    return f"({list_to_text(parameters)})"


def _level(expr: ast.Expr) -> int:
    match expr:
        case ast.Lambda():
            return _LAMBDA
        case ast.Pipe():
            return _PIPE
        case ast.Conditional():
            return _CONDITIONAL
        case ast.Binary(op=op):
            return binary_level(op)
        case ast.Unary(op=op):
            return prefix_level(op)
        case _:
            return _ATOM


@singledispatch
def _text(node: ast.Node) -> str:
    raise TypeError(f"{type(node).__name__} is not part of an expression")


@_text.register
def _(node: ast.Literal) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return string_to_text(node.value) if isinstance(node.value, str) else repr(node.value)


@_text.register
def _(node: ast.Name) -> str:
    return node.id


@_text.register
def _(node: ast.Unary) -> str:
    operand = expr_to_text(node.operand, prefix_level(node.op))
    return f"not {operand}" if node.op == "not" else f"{node.op}{operand}"


@_text.register
def _(node: ast.Binary) -> str:
    left, right = binary_sides(node.op)
    space = "" if node.op == "^" else " "
    return f"{expr_to_text(node.left, left)}{space}{node.op}{space}{expr_to_text(node.right, right)}"


@_text.register
def _(node: ast.Pipe) -> str:
    return f"{expr_to_text(node.value, _PIPE)} |> {expr_to_text(node.target, _CONDITIONAL)}"


@_text.register
def _(node: ast.Conditional) -> str:
    then, condition = operation_to_text(node.then), operation_to_text(node.condition)
    return f"{then} if {condition} else {expr_to_text(node.otherwise, _CONDITIONAL)}"


@_text.register
def _(node: ast.Argument) -> str:
    return expr_to_text(node.value) if node.name is None else f"{node.name} = {expr_to_text(node.value)}"


@_text.register
def _(node: ast.Call) -> str:
    return f"{expr_to_text(node.callee, _ATOM)}({list_to_text(node.args)})"


@_text.register
def _(node: ast.Index) -> str:
    return f"{expr_to_text(node.value, _ATOM)}[{list_to_text(node.items)}]"


@_text.register
def _(node: ast.Attribute) -> str:
    return f"{expr_to_text(node.value, _ATOM)}.{node.name}"


@_text.register
def _(node: ast.Slice) -> str:
    start, stop, step = (
        "" if part is None else expr_to_text(part) for part in (node.start, node.stop, node.step)
    )
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


@_text.register
def _(_node: ast.Dots) -> str:
    return "..."


@_text.register
def _(node: ast.List) -> str:
    return f"[{list_to_text(node.items)}]"


@_text.register
def _(node: ast.Tuple) -> str:
    return f"({list_to_text(node.items)}{',' if len(node.items) == 1 else ''})"


@_text.register
def _(node: ast.Comprehension) -> str:
    condition = "" if node.condition is None else f" if {operation_to_text(node.condition)}"
    loop = f"for {list_to_text(node.targets)} in {operation_to_text(node.iterable)}"
    return f"[{expr_to_text(node.element)} {loop}{condition}]"


@_text.register
def _(node: ast.Lambda) -> str:
    return f"fn{parameters_to_text(node.params)} = {expr_to_text(node.body)}"


@_text.register
def _(node: ast.Carry) -> str:
    return f"{node.name} = {expr_to_text(node.init)}"


@_text.register
def _(node: ast.KindType) -> str:
    return node.kind


@_text.register
def _(node: ast.TensorType) -> str:
    return f"{node.dtype or ''}[{list_to_text(node.dims)}]"


@_text.register
def _(node: ast.Parameter) -> str:
    declared = "" if node.type is None else f": {_text(node.type)}"
    default = "" if node.default is None else f" = {expr_to_text(node.default)}"
    return f"{node.name}{declared}{default}"


@_text.register
def _(node: ast.Scan) -> str:
    from treadle.frontend.spec_text import body_to_text  # noqa: PLC0415 - expressions and blocks hold each other

    parts = [f"scan {node.index.id} in {', '.join(operation_to_text(item) for item in node.sequences)}"]
    if node.axis is not None:
        parts.append(f"along {operation_to_text(node.axis)}")
    if node.reverse:
        parts.append("reverse")
    if node.truncate is not None:
        parts.append(f"truncate {operation_to_text(node.truncate)}")
    if node.carries:
        parts.append(f"with {list_to_text(node.carries)}")
    return f"{' '.join(parts)} {body_to_text(node.body)}"
