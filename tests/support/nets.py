"""Small networks made with the builder, for tests that need a graph and no spec."""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.types import DType, TensorType, symbol

N = symbol("N")


def f32(*shape) -> TensorType:
    return TensorType(DType.F32, shape)


def lenet() -> Graph:
    """Convolutions, pooling and dense layers with a cross-entropy loss, as the gallery's LeNet expands."""
    graph = Graph("LeNet")
    g = Builder(graph)
    image = g.input("image", f32(N, 1, 28, 28))
    digit = g.input("digit", TensorType(DType.I64, (N,)))
    h = _pool(g, g.relu(_conv(g, image, 6, 2, "conv2d")), "max_pool2d")
    h = _pool(g, g.relu(_conv(g, h, 16, 0, "conv2d_2")), "max_pool2d_2")
    with g.at(None, "flatten"):
        h = g.reshape(h, shape=(N, 400))
    h = g.relu(_dense(g, h, 120, "dense"))
    h = g.relu(_dense(g, h, 84, "dense_2"))
    logits = _dense(g, h, 10, "dense_3")
    shifted = g.sub(logits, g.max(logits, axes=(1,), keepdims=True))
    total = g.sum(g.exp(shifted), axes=(1,), keepdims=True)
    picked = g.take_along(g.sub(shifted, g.log(total)), g.reshape(digit, shape=(N, 1)), axis=1)
    graph.outputs["output:probability"] = g.div(g.exp(shifted), total)
    graph.outputs["loss"] = g.neg(g.mean(picked, axes=(0, 1)))
    right = g.cast(g.eq(g.argmax(logits, axis=1), digit), dtype=DType.F32)
    graph.outputs["metric:accuracy"] = g.mean(right, axes=(0,))
    return graph


def recurrent() -> Graph:
    """A loop over time with one carry, in a layer called `rnn`."""
    graph = Graph("Recurrent")
    g = Builder(graph)
    x = g.input("x", f32(5, N, 3))
    with g.at(None, "rnn"):
        weight = g.param("rnn.W", f32(3, 4))
        start = g.constant(0.0, shape=(N, 4))
        body = Graph("body")
        inner = Builder(body)
        h, x_t = inner.input("c0", f32(N, 4)), inner.input("s0", f32(N, 3))
        w = inner.input("k0", f32(3, 4))
        with inner.at(None, "rnn"):
            after = inner.tanh(inner.add(inner.matmul(x_t, w), h))
        body.outputs.update({"h": after, "y": after})
        loop = g.scan(start, x, weight, body=body, carries=1, sequences=1, length=5)
        final = g.item(loop, index=0)
    graph.outputs["output:states"] = g.item(loop, index=1)
    graph.outputs["loss"] = g.sum(final, axes=(0, 1))
    return graph


def _conv(g: Builder, x: Node, filters: int, padding: int, scope: str) -> Node:
    with g.at(None, scope):
        w = g.param(f"{scope}.W", f32(filters, x.type.shape[1], 5, 5))
        b = g.param(f"{scope}.b", f32(filters))
        y = g.conv(x, w, padding=((padding, padding), (padding, padding)))
        return g.add(y, g.reshape(b, shape=(filters, 1, 1)))


def _pool(g: Builder, x: Node, scope: str) -> Node:
    with g.at(None, scope):
        seen = g.windows(x, axes=(2, 3), sizes=(2, 2), strides=(2, 2), dilations=(1, 1))
        return g.max(seen, axes=(4, 5))


def _dense(g: Builder, x: Node, units: int, scope: str) -> Node:
    with g.at(None, scope):
        w = g.param(f"{scope}.W", f32(x.type.shape[1], units))
        b = g.param(f"{scope}.b", f32(units))
        return g.add(g.matmul(x, w), b)


def step() -> Graph:
    """A training step of one dense layer: a squared loss, its gradients, plain gradient descent."""
    graph = Graph("Step")
    g = Builder(graph)
    x, target = g.input("x", f32(N, 3)), g.input("target", f32(N, 2))
    error = g.sub(g.relu(_dense(g, x, 2, "dense")), target)
    loss = graph.outputs["loss"] = g.mean(g.mul(error, error), axes=(0, 1))
    for name, param in graph.params.items():
        with g.at(None, "dense"):
            graph.updates[name] = g.sub(param, g.mul(g.grad(loss, param), 0.1))
    return graph
