"""Runs graphs with NumPy for tests of passes: a tiny interpreter over the references of ops, independent of
backends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from treadle.ir import Graph, Node
from treadle.ops import REGISTRY
from treadle.ops.control import INDEX


def evaluate(graph: Graph, values: dict[str, Any]) -> dict[str, Any]:
    """Values of all outputs and, as `update:NAME`, of all updates."""
    with np.errstate(all="ignore"):
        known = _run(graph, values)
    results = {name: known[node.id] for name, node in graph.outputs.items()}
    return results | {f"update:{name}": known[node.id] for name, node in graph.updates.items()}


def _run(graph: Graph, values: dict[str, Any]) -> dict[int, Any]:
    known: dict[int, Any] = {}
    for node in graph:
        operands = [known[operand.id] for operand in node.inputs]
        known[node.id] = _value(node, operands, values)
    return known


def _value(node: Node, operands: list[Any], values: dict[str, Any]) -> Any:
    if node.op in {"input", "param", "state"}:
        return np.asarray(values[node.attrs["name"]]).astype(node.type.dtype.numpy_name)
    if node.op == "scan":
        return _scan(node, operands)
    return REGISTRY[node.op].reference(*operands, **node.attrs)


def _scan(node: Node, operands: list[Any]) -> tuple[Any, ...]:
    attrs, body = node.attrs, node.attrs["body"]
    carries = list(operands[: attrs["carries"]])
    sequences = operands[len(carries) : len(carries) + attrs["sequences"]]
    constants = operands[len(carries) + len(sequences) :]
    names = [name for name in body.inputs if name != INDEX]
    types = node.result[len(carries) :]
    stacked = [np.zeros(type_.static_shape(), type_.dtype.numpy_name) for type_ in types]
    steps = range(attrs["length"])
    for step in reversed(steps) if attrs["reverse"] else steps:
        entering = dict(zip(names, [*carries, *(s[step] for s in sequences), *constants], strict=True))
        known = _run(body, {**entering, INDEX: step})
        leaving = [known[output.id] for output in body.outputs.values()]
        carries = leaving[: len(carries)]
        for whole, element in zip(stacked, leaving[len(carries) :], strict=True):
            whole[step] = element
    return (*carries, *stacked)
