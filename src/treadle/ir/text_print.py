"""The text form of a graph: what golden tests, `--emit` and `--print-after` show.

Input: a graph. Output: text, the same for the same graph always; `ir/text_parse.py` reads it back. One line a
node, `%3 = matmul(%1, %2) : f32[N, 10]  # dense @ specs/net.tdl:7`, then the ends; the bodies of scans are
nested. Attributes `dtype` and `shape` that the type repeats are left out. Non-goals: pictures (`viz`),
columns of positions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from treadle.ir.graph import Graph
from treadle.ir.node import Node
from treadle.ops.opdef import AnyType
from treadle.types import Dim, DType, TensorType

INDENT = "  "


def print_graph(graph: Graph, *, comments: bool = True) -> str:
    """The graph as text that ends with a newline; `comments=False` leaves scopes and positions out."""
    return "\n".join(_graph_lines(graph, "", comments)) + "\n"


def print_node(node: Node) -> str:
    """One node as text, without nested bodies and without its place."""
    return f"%{node.id} = {node.op}({_arguments(node)}) : {print_type(node.result)}"


def print_type(result: AnyType) -> str:
    """`f32[N, 10]`, or `(f32[N], f32[T, N])` for a node with several results."""
    if isinstance(result, tuple):
        return f"({', '.join(str(type_) for type_ in result)})"
    return str(result)


def print_value(value: Any) -> str:
    """An attribute value as text.

    Raises:
        TypeError: for a value that no attribute may have.
    """
    if isinstance(value, tuple):
        return f"({', '.join(print_value(item) for item in value)}{',' if len(value) == 1 else ''})"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, Dim | DType):
        return str(value)
    raise TypeError(f"no text form for the attribute value {value!r} of type {type(value).__name__}")


def elided(name: str, value: Any, result: AnyType) -> bool:
    """Whether the type says what the attribute says."""
    if isinstance(result, TensorType):
        return (name == "dtype" and value == result.dtype) or (name == "shape" and value == result.shape)
    return False


def _graph_lines(graph: Graph, indent: str, comments: bool, label: str = "") -> Iterator[str]:
    inner = indent + INDENT
    yield f"{indent}{label}graph {json.dumps(graph.name)} {{"
    for node in graph:
        place = _place(node) if comments else ""
        yield f"{inner}{print_node(node)}{place}"
        for name, value in node.attrs.items():
            if isinstance(value, Graph):
                yield from _graph_lines(value, inner + INDENT, comments, f"{name} = ")
    yield from (inner + line for line in _end_lines(graph))
    yield f"{indent}}}"


def _end_lines(graph: Graph) -> Iterator[str]:
    if graph.inputs:
        yield f"inputs {', '.join(f'%{node.id}' for node in graph.inputs.values())}"
    yield from (f"output {json.dumps(name)} = %{node.id}" for name, node in graph.outputs.items())
    yield from (f"update {json.dumps(name)} = %{node.id}" for name, node in graph.updates.items())


def _arguments(node: Node) -> str:
    operands = [f"%{operand.id}" for operand in node.inputs]
    attrs = [
        f"{name}={print_value(value)}"
        for name, value in node.attrs.items()
        if not isinstance(value, Graph) and not elided(name, value, node.result)
    ]
    return ", ".join(operands + attrs)


def _place(node: Node) -> str:
    where = f"@ {node.span.source.name}:{node.span.line}" if node.span else ""
    words = " ".join(word for word in (node.scope, where) if word)
    return f"{INDENT}# {words}" if words else ""
