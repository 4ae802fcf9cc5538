"""What a graph is rewritten to before it is lowered.

Input and output: a graph with static shapes. Two-byte floats compute in float32, composite ops are
decomposed, and reductions to few results are split in two, so that all threads take part.
"""

from __future__ import annotations

from functools import partial
from math import prod

from treadle.ir import Builder, Graph, Node, rewrite
from treadle.lower.halves import widen
from treadle.lower.target import Target
from treadle.ops import REGISTRY

LONG = 32768  # elements from which a reduction is worth two passes
FEW = 8  # results that are too few to share among threads
MOST_PARTS = 256
LINE = 32  # results that lie side by side in one block of a GPU
BUSY = 264  # blocks that keep a large GPU busy
SHORTEST = 512  # elements of a result from which a piece pays
MOST_PIECES = 64


def prepare(graph: Graph, target: Target) -> Graph:
    """The graph in the form that the rest of lowering expects, scan bodies included."""
    return rewrite(widen(graph, target), partial(_rule, target))


def _rule(target: Target, builder: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    decompose = REGISTRY[node.op].decompose
    if decompose is not None:
        replaced: Node = decompose(builder, *inputs, **node.attrs)
        return replaced
    if node.op == "scan":
        return builder.apply("scan", *inputs, **{**node.attrs, "body": prepare(node.attrs["body"], target)})
    if node.op == "lt":
        return _sign_of_relu(builder, *inputs)
    if node.op in {"sum", "max", "min"}:
        if target.lanes and len(node.attrs["axes"]) < inputs[0].type.rank:
            return _split_long(builder, node, inputs[0])
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
    halfway = builder.apply(node.op, flat, axes=(1,), keepdims=False)
    total = builder.apply(node.op, halfway, axes=(0,), keepdims=False)
    return builder.reshape(total, shape=node.type.shape)


def _split_long(builder: Builder, node: Node, x: Node) -> Node | None:
    """Reduces pieces of the first axis, then their results: for long reductions to few results, which would
    leave most of a GPU without work."""
    shape, axes = x.type.static_shape(), node.attrs["axes"]
    results = prod(node.type.static_shape())
    blocks = results if len(shape) - 1 in axes else results // LINE
    wanted = min(MOST_PIECES, BUSY // max(blocks, 1), prod(shape) // max(results * SHORTEST, 1))
    parts = next((n for n in range(wanted, 1, -1) if shape[0] % n == 0), 1)
    if axes[:1] != (0,) or parts < 2:
        return None
    cut = builder.reshape(x, shape=(parts, shape[0] // parts, *shape[1:]))
    inner = tuple(axis + 1 for axis in axes)
    halfway = builder.apply(node.op, cut, axes=inner, keepdims=False)
    total = builder.apply(node.op, halfway, axes=(0,), keepdims=False)
    return total if total.type == node.type else builder.reshape(total, shape=node.type.shape)
