"""What computes with float16 and bfloat16: each op in float32, rounded once at its end.

Input and output: a graph with static shapes. Afterwards only conversions, ops that move or choose elements
and, where the target has them, products work on two-byte floats; sums of any length are sums of float32. The
conversions are part of the loops that load and store. Rounding is what `ops/halves.py` says, so that all
backends agree. Non-goals: choosing which ops of a training run small (`passes/mixed_precision.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from treadle.ir import Builder, Graph, Node, rewrite
from treadle.lower.realise import PRODUCTS
from treadle.lower.target import Target
from treadle.ops.halves import rounded
from treadle.ops.random import PRECISION
from treadle.types import DType, TensorType

EXACT = frozenset({
    "input", "param", "state", "scan", "item", "grad",
    "reshape", "transpose", "broadcast_to", "slice", "flip", "pad", "concat", "windows", "stop_grad",
    "take", "take_along", "where", "neg", "abs", "relu", "maximum", "minimum", "max", "min",
})  # fmt: skip
"""Ops whose results are elements of their operands, or these with another sign."""


def widen(graph: Graph, target: Target) -> Graph:
    """The graph in which two-byte floats are stored only; the same graph if it has none."""
    if not any(_concerns(node) for node in graph):
        return graph
    return rewrite(graph, partial(_rule, target))


def _concerns(node: Node) -> bool:
    return any(_is_half(each) for each in (node, *node.inputs))


def _is_half(node: Node) -> bool:
    return isinstance(node.result, TensorType) and node.result.dtype.is_half


def _rule(target: Target, builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if not _concerns(node) or (node.op in PRODUCTS and target.half_products):
        return None
    if node.op in _OWN:
        return _OWN[node.op](builder, node, inputs)
    if node.op in EXACT:
        return None
    wide = [_wide(builder, operand) for operand in inputs]
    attrs = {name: DType.F32 if _names_half(value) else value for name, value in node.attrs.items()}
    result = builder.apply(node.op, *wide, **attrs)
    return builder.cast(result, dtype=node.type.dtype) if node.type.dtype.is_half else result


def _wide(builder: Builder, node: Node) -> Node:
    return builder.cast(node, dtype=DType.F32) if _is_half(node) else node


def _names_half(value: object) -> bool:
    return isinstance(value, DType) and value.is_half


def _cast(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
    """By way of float32, from and to."""
    source = _wide(builder, inputs[0])
    if not node.type.dtype.is_half:
        return source if source.type == node.type else builder.cast(source, dtype=node.type.dtype)
    if source.type.dtype is not DType.F32:
        source = builder.cast(source, dtype=DType.F32)
    return builder.cast(source, dtype=node.type.dtype)


def _constant(builder: Builder, node: Node, _inputs: tuple[Node, ...]) -> Node:
    value = rounded(node.attrs["value"], node.type.dtype).item()
    return builder.apply("const", **{**node.attrs, "value": value})


def _table(builder: Builder, node: Node, _inputs: tuple[Node, ...]) -> Node:
    values = tuple(rounded(node.attrs["values"], node.type.dtype).tolist())
    return builder.apply("table", **{**node.attrs, "values": values})


def _uniform(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
    """As many upper bits of a draw as the type can hold, since a rounded draw might be 1."""
    wide = builder.apply("random_uniform", *inputs, **{**node.attrs, "dtype": DType.F32})
    steps = float(2 ** PRECISION[node.type.dtype])
    fraction = builder.mul(builder.floor(builder.mul(wide, steps)), 1 / steps)
    return builder.cast(fraction, dtype=node.type.dtype)


_OWN: dict[str, Callable[[Builder, Node, tuple[Node, ...]], Node]] = {
    "cast": _cast,
    "const": _constant,
    "table": _table,
    "random_uniform": _uniform,
}
