"""Recurrent networks as graphs, built by hand."""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.types import DimLike, DType, TensorType

F64 = DType.F64


def tensor(*shape: DimLike, dtype: DType = F64) -> TensorType:
    return TensorType(dtype, shape)


def lstm_body(n: DimLike, inputs: int, hidden: int, dtype: DType = F64) -> Graph:
    """Carries h, c; sequence x; constants U, W, b; yields h."""
    body = Graph("lstm")
    g = Builder(body)
    h, c = (g.input(name, tensor(n, hidden, dtype=dtype)) for name in ("c0", "c1"))
    x = g.input("s0", tensor(n, inputs, dtype=dtype))
    u = g.input("k0", tensor(inputs, 4 * hidden, dtype=dtype))
    w = g.input("k1", tensor(hidden, 4 * hidden, dtype=dtype))
    b = g.input("k2", tensor(4 * hidden, dtype=dtype))
    gates = g.add(g.add(g.matmul(x, u), g.matmul(h, w)), b)
    i, f, o, z = (_columns(g, gates, k * hidden, hidden) for k in range(4))
    next_c = g.add(g.mul(g.sigmoid(f), c), g.mul(g.sigmoid(i), g.tanh(z)))
    next_h = g.mul(g.sigmoid(o), g.tanh(next_c))
    body.outputs = {"h": next_h, "c": next_c, "y": next_h}
    return body


def _columns(g: Builder, x: Node, start: int, count: int) -> Node:
    return g.slice(x, starts=(0, start), stops=(x.type.shape[0], start + count), steps=(1, 1))


def lstm_graph(
    steps: DimLike = 4,
    n: DimLike = 2,
    inputs: int = 3,
    hidden: int = 3,
    *,
    reverse: bool = False,
    truncate: int | None = None,
    dtype: DType = F64,
) -> Graph:
    """The mean square of all hidden states as `loss`; params U, W, b, h, c and input x."""
    graph = Graph("net")
    g = Builder(graph)
    x = g.input("x", tensor(steps, n, inputs, dtype=dtype))
    u = g.param("U", tensor(inputs, 4 * hidden, dtype=dtype))
    w = g.param("W", tensor(hidden, 4 * hidden, dtype=dtype))
    b = g.param("b", tensor(4 * hidden, dtype=dtype))
    h, c = (g.param(name, tensor(n, hidden, dtype=dtype)) for name in ("h", "c"))
    body = lstm_body(n, inputs, hidden, dtype)
    loop = g.scan(
        h, c, x, u, w, b, body=body, carries=2, sequences=1, length=steps, reverse=reverse, truncate=truncate
    )
    y = g.item(loop, index=2)
    last = g.item(loop, index=1)
    squares = g.mean(g.mul(y, y), axes=(0, 1, 2), keepdims=False)
    graph.outputs["loss"] = g.add(squares, g.mean(g.sin(last), axes=(0, 1), keepdims=False))
    return graph
