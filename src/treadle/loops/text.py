"""The text of kernels, for `--emit=loops` and golden tests. Deterministic; not parsed back."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from treadle.loops.expr import Call, Const, Guard, Load, Position, Var
from treadle.loops.kernel import Accumulate, Assign, Barrier, BufferParam, For, If, Kernel, Let, Store

_OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
    "ne": "!=", "logical_and": "and", "logical_or": "or",
}  # fmt: skip


def kernel_text(kernel: Kernel) -> str:
    """A kernel as indented text: its signature, then one statement a line."""
    buffers = ", ".join(f"b{number}: {_param(param)}" for number, param in enumerate(kernel.buffers))
    sizes = f"; s0..s{kernel.sizes - 1}" if kernel.sizes else ""
    lines = [f"kernel {kernel.name}({buffers}{sizes})"]
    for statement in kernel.body:
        lines.extend(f"  {line}" for line in _lines(statement))
    return "\n".join(lines)


def _param(param: BufferParam) -> str:
    scratch = "" if param.part_stride is None else f" scratch[{param.part_stride}]"
    return f"{'mut ' if param.written else ''}{param.dtype}{scratch}"


@singledispatch
def _lines(statement: Any) -> list[str]:
    raise TypeError(f"no text form for {statement!r}; add it to loops/text.py")


@_lines.register
def _(statement: Let) -> list[str]:
    return [f"{statement.name} = {expr_text(statement.value)}"]


@_lines.register
def _(statement: Assign) -> list[str]:
    return [f"{statement.name} := {expr_text(statement.value)}"]


@_lines.register
def _(statement: Accumulate) -> list[str]:
    return [f"{statement.name} {statement.function}= {expr_text(statement.value)}"]


@_lines.register
def _(statement: Store) -> list[str]:
    equals = "+=" if statement.accumulate else "="
    return [f"b{statement.buffer}[{statement.index}] {equals} {expr_text(statement.value)}"]


@_lines.register
def _(statement: For) -> list[str]:
    stop = str(statement.stops[0])
    if len(statement.stops) > 1:
        stop = f"min({', '.join(map(str, statement.stops))})"
    head = f"{statement.kind.value} {statement.variable} in {statement.start}..{stop}:"
    return [head, *(f"  {line}" for inner in statement.body for line in _lines(inner))]


@_lines.register
def _(statement: If) -> list[str]:
    head = f"if {expr_text(statement.condition)}:"
    return [head, *(f"  {line}" for inner in statement.body for line in _lines(inner))]


@_lines.register
def _(_statement: Barrier) -> list[str]:
    return ["barrier"]


@singledispatch
def expr_text(expr: Any) -> str:
    """An expression in one line."""
    raise TypeError(f"no text form for {expr!r}; add it to loops/text.py")


@expr_text.register
def _(expr: Const) -> str:
    return str(expr.value).lower() if isinstance(expr.value, bool) else str(expr.value)


@expr_text.register
def _(expr: Var) -> str:
    return expr.name


@expr_text.register
def _(expr: Position) -> str:
    return f"({expr.index})"


@expr_text.register
def _(expr: Load) -> str:
    return f"b{expr.buffer}[{expr.index}]"


@expr_text.register
def _(expr: Call) -> str:
    operands = [expr_text(operand) for operand in expr.operands]
    if expr.function in _OPERATORS:
        return f"({operands[0]} {_OPERATORS[expr.function]} {operands[1]})"
    name = str(expr.dtype) if expr.function == "cast" else expr.function
    return f"{name}({', '.join(operands)})"


@expr_text.register
def _(expr: Guard) -> str:
    condition, value, otherwise = map(expr_text, (expr.condition, expr.value, expr.otherwise))
    return f"({value} if {condition} else {otherwise})"
