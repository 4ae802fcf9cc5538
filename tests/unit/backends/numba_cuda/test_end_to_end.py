"""The whole GPU backend without a GPU: plan, kernels, memory, copies, capture and replay, executed.

Kernels run in the block simulator, everything else as on a device. Training steps of small networks must end
where the oracle ends; random draws, being integers and their images, must be the CPU's.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.cuda_programs import no_code, sample_inputs, step_graphs
from support.nets import f32
from support.recording_driver import ExecutingDriver
from treadle.autodiff import expand
from treadle.backends.numba_cpu.backend import NumbaCpuBackend
from treadle.backends.numba_cuda import presence
from treadle.backends.numba_cuda.backend import NumbaCudaBackend
from treadle.backends.numpy_ref import NumpyBackend
from treadle.ir import RNG_INPUT, Builder, Graph
from treadle.passes import order
from treadle.types import DType, TensorType

STEPS = 4  # the first runs plainly, the second is captured, the others are replays


def executed(graphs, warps="forward"):
    driver = ExecutingDriver(warps)
    session = NumbaCudaBackend(driver, no_code).compile(graphs)
    driver.lay_out(session._layout)
    return session


def trained(session, graphs, seed, steps=STEPS):
    """All outputs of some steps, and the leaves after them."""
    draw = np.random.default_rng(seed)
    leaves = {name: node for graph in graphs.values() for name, node in graph.leaves().items()}
    for name, node in leaves.items():
        start = 0.4 * np.abs(draw.standard_normal(node.type.static_shape()))
        session.write(name, start.astype(node.type.dtype.numpy_name))
    outputs = [
        session.run(name, {**sample_inputs(graph, step), **_reserved(graph, step)})
        for step in range(steps)
        for name, graph in graphs.items()
    ]
    return outputs, {name: session.read(name) for name in leaves}


def _reserved(graph, step):
    return {RNG_INPUT: np.array([7, step])} if RNG_INPUT in graph.inputs else {}


@pytest.mark.parametrize(
    ("name", "warps"),
    [("smallest_perceptron", "forward"), ("xor_mlp", "backward"), ("digits_mlp", "forward")],
)
def test_steps_end_where_the_oracle_ends(name, warps):
    """Losses, metrics, parameters and optimizer states after four steps."""
    graphs = step_graphs(name)
    found = trained(executed(graphs, warps), graphs, seed=1)
    _assert_same(found, trained(NumpyBackend().compile(graphs), graphs, seed=1))


def _assert_same(found, expected):
    for one, other in zip(found[0], expected[0], strict=True):
        _assert_close(one, other)
    _assert_close(found[1], expected[1])


def test_products_of_the_library_end_there_too(monkeypatch):
    """All products by the library: launches for epilogues, a workspace in the arena, all of it captured."""
    monkeypatch.setenv("TREADLE_CUBLAS", "on")
    monkeypatch.setattr(presence, "cublas_version", lambda: presence.CUBLAS_PIN)
    graphs = step_graphs("xor_mlp")
    session = executed(graphs)
    found = trained(session, graphs, seed=1)
    assert len(session._driver.records("multiply")) > STEPS
    _assert_same(found, trained(NumpyBackend().compile(graphs), graphs, seed=1))


def convolutional(precision: DType = DType.F32) -> Graph:
    """A gradient step of two convolutions, a pooling and a dense layer, on small images."""
    graph = Graph("convolutional")
    g = Builder(graph)
    x, t = g.input("x", f32(2, 1, 9, 9)), g.input("t", f32(2, 3))
    first, second = g.param("first", f32(3, 1, 5, 5)), g.param("second", f32(4, 3, 3, 3))
    weight, bias = g.param("weight", f32(16, 3)), g.param("bias", f32(3))
    h = g.relu(g.conv(x, first, padding=((2, 2), (2, 2))))
    h = g.max(g.windows(h, axes=(2, 3), sizes=(2, 2), strides=(2, 2), dilations=(1, 1)), axes=(4, 5))
    h = g.relu(g.conv(h, second))
    y = g.add(g.matmul(g.reshape(h, shape=(2, 16)), weight), bias)
    d = g.sub(y, t)
    graph.outputs["loss"] = g.mean(g.mul(d, d), axes=(0, 1))
    for name, param in graph.params.items():
        graph.updates[name] = g.sub(param, g.mul(g.grad(graph.outputs["loss"], param), 0.1))
    return order.optimise(expand.run(order.prepare(graph, precision=precision)))


@pytest.mark.parametrize("precision", [DType.F32, DType.BF16, DType.F16])
def test_convolutions_learn_as_the_oracle_does(precision):
    """Forward, both gradients, pooling and its scatter; also where products and activations are small."""
    graphs = {"step": convolutional(precision)}
    expected = trained(NumpyBackend().compile(graphs), graphs, seed=2, steps=2)
    found = trained(executed(graphs, "backward"), graphs, seed=2, steps=2)
    for one, other in zip(found[0], expected[0], strict=True):
        _assert_close(one, other)
    _assert_close(found[1], expected[1])


def test_random_draws_are_those_of_the_cpu():
    """Uniform numbers bit by bit, normal ones within rounding, at every step."""
    graph = Graph("draws")
    g = Builder(graph)
    key = g.input(RNG_INPUT, TensorType(DType.I64, (2,)))
    graph.outputs["uniform"] = g.random_uniform(key, shape=(5, 7), dtype=DType.F32, stream=3)
    graph.outputs["normal"] = g.random_normal(key, shape=(33,), dtype=DType.F32, stream=4)
    gpu, cpu = executed({"draws": graph}), NumbaCpuBackend().compile({"draws": graph}, threads=1)
    for step in range(3):
        key_now = {RNG_INPUT: np.array([5, step])}
        one, other = gpu.run("draws", key_now), cpu.run("draws", key_now)
        np.testing.assert_array_equal(one["uniform"], other["uniform"])
        np.testing.assert_allclose(one["normal"], other["normal"], rtol=2e-6, atol=1e-7)


def test_updates_read_old_values():
    """Two parameters that swap: both updates see what was there before the step."""
    graph = Graph("swap")
    g = Builder(graph)
    a, b = g.param("a", f32(6)), g.param("b", f32(6))
    graph.updates.update(a=b, b=a)
    graph.outputs["sum"] = g.add(a, b)
    session = executed({"swap": graph})
    session.write("a", np.arange(6))
    session.write("b", -np.arange(6))
    for _ in range(3):
        session.run("swap", {})
    np.testing.assert_array_equal(session.read("a"), -np.arange(6))
    np.testing.assert_array_equal(session.read("b"), np.arange(6))


def _assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-5, atol=2e-6, err_msg=name)
