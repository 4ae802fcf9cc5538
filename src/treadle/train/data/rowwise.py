"""Whether a column graph treats each example by itself, so that it can be run on a few rows at a time.

Input: a graph whose inputs begin with a symbolic number of rows. Output: yes or no; no is always safe.
"""

from __future__ import annotations

from treadle.ir import Graph, Node
from treadle.ops import REGISTRY
from treadle.types import DimLike

_REDUCTIONS = frozenset({"sum", "max", "min", "prod"})


def is_rowwise(graph: Graph, rows: DimLike) -> bool:
    """Whether row i of every output depends on row i of the inputs alone."""
    reached = graph.ancestors(graph.outputs.values())
    wide = {node.id for node in graph if node.id in reached and _has_rows(node, rows)}
    return all(_is_output(node, rows) for node in graph.outputs.values()) and all(
        _keeps_rows(node, wide) for node in graph if node.id in reached
    )


def _has_rows(node: Node, rows: DimLike) -> bool:
    return not isinstance(node.result, tuple) and bool(node.type.shape) and node.type.shape[0] == rows


def _is_output(node: Node, rows: DimLike) -> bool:
    return _has_rows(node, rows) and all(isinstance(dim, int) for dim in node.type.shape[1:])


def _keeps_rows(node: Node, wide: set[int]) -> bool:
    if isinstance(node.result, tuple):
        return False
    if node.id not in wide:
        # A value without rows must not know how many there are, and must not be made from rows.
        return (
            not node.type.symbols
            and all(isinstance(v, int | float) for v in _value(node))
            and not any(operand.id in wide for operand in node.inputs)
        )
    if not node.inputs:
        return node.op == "input"
    if REGISTRY[node.op].is_elementwise:
        return all(operand.id in wide or operand.type.rank < node.type.rank for operand in node.inputs)
    return node.inputs[0].id in wide and _structure_keeps_rows(node)


def _value(node: Node) -> tuple[object, ...]:
    return (node.attrs["value"],) if node.op == "const" else ()


def _structure_keeps_rows(node: Node) -> bool:
    attrs = node.attrs
    if node.op == "reshape":
        return True  # wide before and after: the rest of the shape holds one row
    if node.op == "transpose":
        return bool(attrs["perm"][0] == 0)
    if node.op in _REDUCTIONS:
        return 0 not in attrs["axes"]
    if node.op == "slice":
        whole = (attrs["starts"][0], attrs["stops"][0], attrs["steps"][0])
        return bool(whole == (0, node.inputs[0].type.shape[0], 1))
    return False
