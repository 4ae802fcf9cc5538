"""What a graph is rewritten to before it is lowered.

Input and output: a graph with static shapes. Composite ops are decomposed, and reductions to few
results are split in two, so that all threads take part.
"""

from __future__ import annotations

from math import prod

from treadle.ir import Builder, Graph, Node, rewrite
from treadle.ops import REGISTRY

LONG = 32768  # elements from which a reduction is worth two passes
FEW = 8  # results that are too few to share among threads
MOST_PARTS = 256


def prepare(graph: Graph) -> Graph:
    """The graph in the form that the rest of lowering expects, scan bodies included."""
    return rewrite(graph, _rule)


def _rule(builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    decompose = REGISTRY[node.op].decompose
    if decompose is not None:
        replaced: Node = decompose(builder, *inputs, **node.attrs)
        return replaced
    if node.op == "scan":
        return builder.apply("scan", *inputs, **{**node.attrs, "body": prepare(node.attrs["body"])})
    if node.op == "lt":
        return _sign_of_relu(builder, *inputs)
    if node.op in {"sum", "max", "min"}:
        return _split_reduction(builder, node, inputs[0])
    return None


def _sign_of_relu(builder: Builder, low: Node, x: Node) -> Node | None:
    """`0 < x` as `0 < relu(x)` where the latter exists already, so that x itself need not be kept."""
    if low.op != "const" or low.attrs["value"] != 0:
        return None
    active = next((user for user, _ in builder.graph.users(x) if user.op == "relu"), None)
    return None if active is None else builder.lt(low, active)


def _split_reduction(builder: Builder, node: Node, x: Node) -> Node | None:
    """Reduces rows first, then what is left: rows fuse with what computes them, and threads share them
    out."""
    shape, axes = x.type.static_shape(), node.attrs["axes"]
    if axes == tuple(range(len(shape))) and len(shape) > 1 and 1 < shape[-1] < prod(shape):
        rows = builder.apply(node.op, x, axes=axes[-1:], keepdims=False)
        total = builder.apply(node.op, rows, axes=axes[:-1], keepdims=False)
        return builder.reshape(total, shape=node.type.shape)
    if prod(shape) < LONG or prod(node.type.static_shape()) >= FEW or axes != tuple(range(len(shape))):
        return None
    parts = next((n for n in range(MOST_PARTS, 1, -1) if prod(shape) % n == 0), 1)
    if parts < FEW:
        return None
    flat = builder.reshape(x, shape=(parts, prod(shape) // parts))
    partial = builder.apply(node.op, flat, axes=(1,), keepdims=False)
    total = builder.apply(node.op, partial, axes=(0,), keepdims=False)
    return builder.reshape(total, shape=node.type.shape)
