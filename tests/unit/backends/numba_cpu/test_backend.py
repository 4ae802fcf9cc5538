"""The compiled backend as a whole: training steps agree with the reference, for any number of threads;
sessions keep their promises about inputs, shared leaves and memory."""

from __future__ import annotations

import numpy as np
import pytest

from support.loops import lstm_graph
from support.meaning import sample_values
from support.nets import lenet
from treadle.autodiff import expand
from treadle.backends.numba_cpu.backend import NumbaCpuBackend, source_text
from treadle.backends.numpy_ref import NumpyBackend
from treadle.errors import TreadleError
from treadle.ir import Builder, Graph, bind
from treadle.passes import order
from treadle.types import DType, TensorType


def f32(*shape):
    return TensorType(DType.F32, shape)


def trained(graph, rate=0.05):
    g = Builder(graph)
    for name, param in graph.params.items():
        graph.updates[name] = g.sub(param, g.mul(g.grad(graph.outputs["loss"], param), rate))
    return order.optimise(expand.run(order.prepare(graph)))


def start(backend, graph, values, **options):
    session = backend.compile({"step": graph}, **options)
    for name in graph.leaves():
        session.write(name, values[name] * 0.1)
    return session


def steps(session, graph, values, count=3):
    inputs = {name: values[name] for name in graph.inputs}
    losses = [session.run("step", inputs)["loss"] for _ in range(count)]
    return losses, {name: session.read(name) for name in graph.leaves()}


@pytest.mark.parametrize("make", [lambda: bind(lenet(), {"N": 3}), lambda: lstm_graph(dtype=DType.F32)])
def test_training_agrees_with_the_reference(make):
    graph = trained(make())
    values = sample_values(graph)
    expected, leaves = steps(start(NumpyBackend(), graph, values), graph, values)
    found, others = steps(start(NumbaCpuBackend(), graph, values, threads=2), graph, values)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    for name, leaf in leaves.items():
        np.testing.assert_allclose(others[name], leaf, rtol=1e-3, atol=2e-5, err_msg=name)


def test_results_do_not_depend_on_the_number_of_threads():
    graph = trained(bind(lenet(), {"N": 5}))
    values = sample_values(graph)
    runs = [steps(start(NumbaCpuBackend(), graph, values, threads=n), graph, values) for n in (1, 2, 3)]
    for losses, leaves in runs[1:]:
        np.testing.assert_array_equal(losses, runs[0][0])
        for name, leaf in leaves.items():
            np.testing.assert_array_equal(leaf, runs[0][1][name])


def doubling(size=100):
    graph = Graph("double")
    g = Builder(graph)
    graph.outputs["y"] = g.mul(g.input("x", f32(size, 2)), g.param("scale", f32()))
    return graph


@pytest.fixture(scope="module")
def session():
    counting = Graph("count")
    g = Builder(counting)
    scale = g.param("scale", f32())
    counting.updates["scale"] = g.add(scale, 1.0)
    counting.outputs["old"] = scale
    return NumbaCpuBackend().compile({"double": doubling(), "count": counting}, threads=2)


def test_programs_share_parameters(session):
    session.write("scale", np.float32(2))
    assert session.run("count", {}) == {"old": 2}
    x = np.ones((100, 2), np.float32)
    np.testing.assert_array_equal(session.run("double", {"x": x})["y"], 3 * x)
    assert session.read("scale") == 3


@pytest.mark.parametrize(
    "x",
    [
        np.arange(200.0).reshape(100, 2),
        np.arange(400, dtype=np.float32).reshape(100, 4)[:, ::2],
        np.arange(200, dtype=np.float32).reshape(2, 100).T,
        [[1.0, 2.0]] * 100,
    ],
    ids=["f64", "strided", "transposed", "list"],
)
def test_inputs_of_other_layouts_are_copied(session, x):
    session.write("scale", np.float32(2))
    np.testing.assert_array_equal(session.run("double", {"x": x})["y"], 2 * np.asarray(x))


def test_results_survive_the_next_run(session):
    session.write("scale", np.float32(2))
    first = session.run("double", {"x": np.ones((100, 2), np.float32)})["y"]
    session.run("double", {"x": np.zeros((100, 2), np.float32)})
    assert (first == 2).all()


def test_wrong_use_is_refused(session):
    with pytest.raises(KeyError, match="input x is missing"):
        session.run("double", {})
    with pytest.raises(ValueError, match=r"input x must have shape \(100, 2\)"):
        session.run("double", {"x": np.ones((2, 100), np.float32)})
    with pytest.raises(KeyError, match="no program is named treble"):
        session.run("treble", {})
    with pytest.raises(KeyError, match="nothing"):
        session.read("nothing")
    with pytest.raises(ValueError, match="scale has shape"):
        session.write("scale", np.ones(3, np.float32))


def test_leaves_of_different_types_are_refused():
    other = Graph("other")
    g = Builder(other)
    other.outputs["y"] = g.neg(g.param("scale", f32(3)))
    with pytest.raises(ValueError, match="scale"):
        NumbaCpuBackend().compile({"double": doubling(), "other": other})


def test_memory_is_counted(session):
    memory = session.memory
    assert (memory.parameters, memory.inputs) == (4, 800)
    assert memory.total >= 804 + 800


def test_draws_are_those_of_the_reference():
    graph = Graph("draws")
    g = Builder(graph)
    key = g.fold_in(g.input("$rng", TensorType(DType.I64, (2,))), g.constant(5, DType.I64))
    graph.outputs["uniform"] = g.random_uniform(key, shape=(50, 3), dtype=DType.F32, stream=2**31 - 5)
    graph.outputs["normal"] = g.random_normal(key, shape=(50, 3), dtype=DType.F64, stream=4)
    inputs = {"$rng": np.array([2**40 + 17, 2**33 + 3])}
    expected, found = (b.compile({"p": graph}).run("p", inputs) for b in (NumpyBackend(), NumbaCpuBackend()))
    np.testing.assert_array_equal(found["uniform"], expected["uniform"])
    np.testing.assert_allclose(found["normal"], expected["normal"], rtol=1e-12)


def test_source_text_shows_each_kernel_once():
    text = source_text(doubling())
    assert text.count("def kernel(meta, part, parts):") == 1
    assert "share_elements" in text


def both(make, inputs):
    """Outputs of a graph from the reference and from compiled code."""
    graph = Graph("values")
    g = Builder(graph)
    nodes = [g.input(name, TensorType(DType(_short(x)), x.shape)) for name, x in inputs.items()]
    graph.outputs.update(make(g, *nodes))
    return [backend.compile({"p": graph}).run("p", inputs) for backend in (NumpyBackend(), NumbaCpuBackend())]


def _short(x):
    return {
        "float32": "f32",
        "float64": "f64",
        "int64": "i64",
        "int32": "i32",
        "uint8": "u8",
        "bool": "bool",
    }[str(x.dtype)]


def test_nan_and_infinity_pass_through():
    x = np.array([[1, np.nan, 3, np.nan], [np.inf, 2, -np.inf, 0], [-np.inf] * 4], np.float32)

    def make(g, x):
        return {
            "max": g.max(x, axes=(1,)),
            "min": g.min(x, axes=(0,)),
            "sum": g.sum(x, axes=(1,)),
            "argmax": g.argmax(x, axis=1),
            "argmin": g.argmin(x, axis=0),
            "relu": g.relu(x),
            "exp": g.exp(x),
            "finite": g.is_finite(x),
            "positive": g.gt(x, 0.0),
            "larger": g.maximum(x, 2.0),
        }

    expected, found = both(make, {"x": x})
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integers_keep_their_width(dtype):
    random = np.random.default_rng(0)
    low = 0 if dtype == "uint8" else -100
    a, b = (random.integers(low, 100, 200).astype(dtype) for _ in range(2))
    b[b == 0] = 7

    def make(g, a, b):
        names = ("add", "mul", "sub", "mod", "floordiv", "maximum")
        return {name: g.apply(name, a, b) for name in names} | {
            "f": g.cast(a, dtype=DType.F32),
            "neg": g.neg(a),
        }

    expected, found = both(make, {"a": a, "b": b})
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_gradients_must_be_expanded_before():
    graph = Graph("unexpanded")
    g = Builder(graph)
    x = g.param("x", f32())
    graph.outputs["y"] = g.grad(g.mul(x, x), x)
    with pytest.raises(TreadleError, match=r"E1103.*grad"):
        NumbaCpuBackend().compile({"p": graph})
