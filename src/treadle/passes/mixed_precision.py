"""Pass: products and activations of a training step run in float16 or bfloat16; `precision bf16`.

Input: a step graph before its gradients are expanded. Output: the same, with products, and what follows them
up to the next op that is better in float32, in the small type. Only what the gradients are taken of changes:
parameters, optimizers and their states stay float32, and since the gradient of a conversion is a conversion,
the backward products run small by themselves. Every node keeps its type: a small value is followed by a
conversion to float32, which the next small op looks through. Non-goals: float64 models, scaling the loss (the
frontend writes that), how small types are computed (`lower/halves.py`).

Source: Micikevicius et al., Mixed Precision Training, 2018.
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.types import DType, TensorType

PRODUCTS = frozenset({"matmul", "conv", "conv_input_grad", "conv_filter_grad"})
"""Run small, whatever their operands are."""

VIEWS = frozenset({"reshape", "transpose", "broadcast_to", "slice", "flip", "pad", "concat", "windows"})
FOLLOWING = VIEWS | {"add", "sub", "mul", "neg", "relu", "tanh", "sigmoid", "maximum", "minimum"}
"""Run small if one operand is small and all others are weights or constants. So a bias is added small, but
what meets a float32 value, such as a mean, a target or a residual, continues in float32: exponentials, sums,
norms, softmax and losses are not here, nor are products of two activations, since squares overflow float16.
"""

POOLING = frozenset({"max", "min"})
"""Run small over windows; elsewhere an extremum is subtracted from what is exponentiated."""


def to_bf16(graph: Graph) -> Graph:
    """The graph with products in bfloat16; the same graph if it has no gradients."""
    return _narrowed(graph, DType.BF16)


def to_f16(graph: Graph) -> Graph:
    """The graph with products in float16; the same graph if it has no gradients."""
    return _narrowed(graph, DType.F16)


def _narrowed(graph: Graph, dtype: DType) -> Graph:
    losses = [node.inputs[0] for node in graph if node.op == "grad"]
    return _small_where(graph, graph.ancestors(losses), dtype) if losses else graph


def _small_where(graph: Graph, concerned: set[int], dtype: DType) -> Graph:
    small = _Small(dtype)

    def rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return small.rule(builder, node, inputs) if node.id in concerned else None

    return rewrite(graph, rule)


class _Small:
    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype

    def rule(self, builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        """The node in the small type and back in its own; None if it stays as it is."""
        if node.op == "scan":
            body: Graph = node.attrs["body"]
            return copy_node(builder, node, inputs, body=_small_where(body, {n.id for n in body}, self.dtype))
        if not _is_f32(node) or not self._runs_small(node, inputs):
            return None
        result = builder.apply(node.op, *(self._narrowed(builder, x) for x in inputs), **node.attrs)
        return builder.cast(result, dtype=DType.F32)

    def _runs_small(self, node: Node, inputs: tuple[Node, ...]) -> bool:
        if node.op in PRODUCTS:
            return True
        if node.op in POOLING:
            return self._is_small(inputs[0]) and _before(inputs[0]).op == "windows"
        if node.op not in FOLLOWING or not any(map(self._is_small, inputs)):
            return False
        return all(self._is_small(x) or _is_weight(x) for x in inputs)

    def _is_small(self, node: Node) -> bool:
        return node.op == "cast" and _before(node).type.dtype is self.dtype

    def _narrowed(self, builder: Builder, node: Node) -> Node:
        return _before(node) if self._is_small(node) else builder.cast(node, dtype=self.dtype)


def _before(node: Node) -> Node:
    return node.inputs[0]


def _is_f32(node: Node) -> bool:
    return isinstance(node.result, TensorType) and node.result.dtype is DType.F32


def _is_weight(node: Node) -> bool:
    """Whether a node is a parameter or a constant, or a view of one."""
    return node.op in {"param", "const"} or (node.op in VIEWS and all(map(_is_weight, node.inputs)))
