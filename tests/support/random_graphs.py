"""Random graphs for property tests: any ops in any order, with shapes that fit.

Values stay moderate: graphs whose intermediate results are not finite or large are refused by `is_tame`,
because stable forms are meant to differ there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from treadle.backends.numpy_ref import Interpreter
from treadle.ir import Builder, Graph, Node
from treadle.types import DType, TensorType

UNARY = (
    "neg",
    "abs",
    "exp",
    "tanh",
    "sigmoid",
    "relu",
    "softplus",
    "sqrt",
    "log",
    "log1p",
    "reciprocal",
    "sin",
)
BINARY = ("add", "sub", "mul", "div", "maximum", "minimum")
NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5, 3.0)


@st.composite
def graphs(draw: st.DrawFn, steps: int = 14) -> Graph:
    """A graph over f64 tensors of rank 0 to 3 with a few outputs and an update."""
    graph = Graph("random")
    g = Builder(graph)
    nodes = [
        g.input("x", TensorType(DType.F64, (2, 3))),
        g.input("y", TensorType(DType.F64, (3,))),
        g.param("W", TensorType(DType.F64, (3, 3))),
    ]
    for _ in range(draw(st.integers(3, steps))):
        node = _step(draw, g, nodes)
        if node is not None:
            nodes.append(node)
    for number in range(draw(st.integers(1, 3))):
        graph.outputs[f"o{number}"] = draw(st.sampled_from(nodes[-4:]))
    graph.updates["W"] = g.mul(graph.params["W"], g.sum(nodes[-1], axes=tuple(range(nodes[-1].type.rank))))
    return graph


def is_tame(graph: Graph, values: dict[str, Any]) -> bool:
    """Whether all intermediate results are finite and of ordinary size."""
    tensors = [node for node in graph if not isinstance(node.result, tuple)]
    known = Interpreter(tensors)(values)
    return all(np.isfinite(array).all() and np.abs(array).max(initial=0) < 1e4 for array in known)


def _step(draw: st.DrawFn, g: Builder, nodes: list[Node]) -> Node | None:
    kind = draw(st.sampled_from((*_KINDS, "unary", "binary", "expression", "expression")))
    return _KINDS[kind](draw, g, nodes)


def _any(draw: st.DrawFn, nodes: list[Node]) -> Node:
    return draw(st.sampled_from(nodes[-3:] if draw(st.booleans()) else nodes))


def _unary(draw, g, nodes):
    return g.apply(draw(st.sampled_from(UNARY)), _any(draw, nodes))


def _binary(draw, g, nodes):
    a = _any(draw, nodes)
    fitting = [node for node in nodes if _fits(node.type.shape, a.type.shape)]
    return g.apply(draw(st.sampled_from(BINARY)), a, draw(st.sampled_from(fitting)))


def _with_number(draw, g, nodes):
    a = _any(draw, nodes)
    number = g.constant(draw(st.sampled_from(NUMBERS)), DType.F64, draw(st.sampled_from(((), a.type.shape))))
    op = draw(st.sampled_from((*BINARY, "pow")))
    return g.apply(op, a, number) if draw(st.booleans()) or op == "pow" else g.apply(op, number, a)


def _choice(draw, g, nodes):
    a = _any(draw, nodes)
    fitting = [node for node in nodes if node.type == a.type]
    condition = g.lt(g.graph.inputs["y"], 0.1) if a.type.shape[-1:] == (3,) else g.constant(True, DType.BOOL)
    if draw(st.booleans()):
        condition = g.logical_not(condition)
    return g.where(condition, a, draw(st.sampled_from(fitting)))


def _reduction(draw, g, nodes):
    a = _any(draw, nodes)
    axes = draw(st.sets(st.integers(0, max(0, a.type.rank - 1)), max_size=a.type.rank))
    op = draw(st.sampled_from(("sum", "max", "min", "mean")))
    return g.apply(op, a, axes=tuple(sorted(axes)), keepdims=draw(st.booleans()))


def _transpose(draw, g, nodes):
    a = _any(draw, nodes)
    return g.transpose(a, perm=tuple(draw(st.permutations(range(a.type.rank)))))


def _reshape(draw, g, nodes):
    a = _any(draw, nodes)
    size = int(a.type.size)
    shapes = [(size,), (1, size), (size, 1), a.type.shape, (*a.type.shape, 1), (1, *a.type.shape)]
    shapes += [(2, size // 2)] if size % 2 == 0 else []
    return g.reshape(a, shape=draw(st.sampled_from([shape for shape in shapes if len(shape) < 4])))


def _broadcast(draw, g, nodes):
    a = _any(draw, nodes)
    return g.broadcast_to(a, shape=(2, *a.type.shape)) if a.type.rank < 3 else None


def _slice(draw, g, nodes):
    a = _any(draw, nodes)
    starts = tuple(draw(st.integers(0, size - 1)) for size in a.type.shape)
    stops = tuple(draw(st.integers(low + 1, size)) for low, size in zip(starts, a.type.shape, strict=True))
    return g.slice(a, starts=starts, stops=stops, steps=tuple(draw(st.integers(1, 2)) for _ in starts))


def _split(draw, g, nodes):
    """The sum of padded parts, as the gradient of a split makes it."""
    a = _any(draw, nodes)
    if a.type.rank == 0 or a.type.shape[0] > 4:
        return None
    rest = (0,) * (a.type.rank - 1)
    size = a.type.shape[0]
    first = g.pad(g.exp(g.neg(g.abs(a))), low=(size, *rest), high=(0, *rest))
    return g.add(first, g.pad(a, low=(0, *rest), high=(size, *rest)))


def _concat(draw, g, nodes):
    a = _any(draw, nodes)
    if a.type.rank == 0 or a.type.shape[0] > 4:
        return None
    fitting = [node for node in nodes if node.type == a.type]
    return g.concat(a, draw(st.sampled_from(fitting)), axis=0)


def _product(draw, g, nodes):
    a = _any(draw, nodes)
    fitting = [node for node in nodes if _multiplies(a, node)]
    return g.matmul(a, draw(st.sampled_from(fitting))) if fitting else None


def _softmax(draw, g, nodes):
    a = _any(draw, nodes)
    if a.type.rank == 0:
        return None
    exponential = g.exp(a)
    return g.div(exponential, g.sum(exponential, axes=(a.type.rank - 1,), keepdims=True))


def _expression(draw, g, nodes):
    """A small expression of the ops that most rules are about: f(f(a) op f(b))."""
    a = _any(draw, nodes)
    b = draw(st.sampled_from([node for node in nodes if node.type == a.type]))
    few = st.sampled_from(("neg", "neg", "abs", "exp", "sigmoid", ""))
    left, right, outer = (draw(few) for _ in range(3))
    inner = g.apply(draw(st.sampled_from(BINARY)), _maybe(g, left, a), _maybe(g, right, b))
    return _maybe(g, outer, inner)


def _maybe(g, op, x):
    return g.apply(op, x) if op else x


def _multiplies(a: Node, b: Node) -> bool:
    if min(a.type.rank, b.type.rank) < 2 or a.type.shape[-1] != b.type.shape[-2]:
        return False
    return _fits(a.type.shape[:-2], b.type.shape[:-2])


def _fits(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    pairs = zip(reversed(a), reversed(b), strict=False)
    return all(m == n or 1 in (m, n) for m, n in pairs) and max(len(a), len(b)) < 4


_KINDS = {
    "unary": _unary,
    "binary": _binary,
    "number": _with_number,
    "choice": _choice,
    "reduction": _reduction,
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast": _broadcast,
    "slice": _slice,
    "split": _split,
    "concat": _concat,
    "product": _product,
    "softmax": _softmax,
    "expression": _expression,
}
