"""Results and gradients stay right at the ends of the number line, on the reference and on compiled code.

Each case is an expression of `x: f32`, where it is evaluated, and what must come out of it.
`docs/numerics.md` states the same conventions in words.
"""

from __future__ import annotations

import numpy as np
import pytest

from treadle.driver import Program, load_backend, optimise
from treadle.frontend.load import load_text

INF, NAN, BIG = np.inf, np.nan, 1e4
VALUES = {
    "sigmoid(x)": ([BIG, -BIG, INF, -INF, NAN], [1, 0, 1, 0, NAN]),
    "log(sigmoid(x))": ([BIG, -BIG, 0], [0, -BIG, -np.log(2)]),
    "softplus(x)": ([BIG, -BIG, INF, -INF, NAN], [BIG, 0, INF, 0, NAN]),
    "tanh(x)": ([BIG, -BIG, INF, -INF, NAN], [1, -1, 1, -1, NAN]),
    "gelu(x)": ([BIG, -BIG, 0], [BIG, 0, 0]),
    "silu(x)": ([BIG, -BIG, 0], [BIG, 0, 0]),
    "erf(x)": ([BIG, -BIG, INF, -INF, NAN], [1, -1, 1, -1, NAN]),
    "softmax(x)": ([BIG, -BIG, 0], [1, 0, 0]),
    "softmax(1 * x)": ([-INF, 0, 0], [0, 0.5, 0.5]),
    "log_softmax(x)": ([BIG, -BIG, 0], [0, -2 * BIG, -BIG]),
    "log(softmax(x))": ([BIG, -BIG, 0], [0, -2 * BIG, -BIG]),
    "softmax(2 * x)": ([NAN, 0, 1], [NAN, NAN, NAN]),
    "log(sum(exp(x)))": ([BIG, -BIG, BIG], BIG + np.log(2)),
    "bce_with_logits(x, relu(sign(x)))": ([BIG, -BIG], 0),
    "bce_with_logits(x, relu(sign(-x)))": ([BIG, -BIG], BIG),
    "logaddexp(x, x)": ([BIG, -BIG, INF, -INF], [BIG + np.log(2), -BIG + np.log(2), INF, -INF]),
    "hypot(x, x)": ([1e30, 0, INF, NAN], [1e30 * np.sqrt(2), 0, INF, NAN]),
    "exp(x)": ([BIG, -BIG, INF, -INF, NAN], [INF, 0, INF, 0, NAN]),
    "expm1(x)": ([BIG, -BIG, 1e-20, -INF], [INF, -1, 1e-20, -1]),
    "log(x)": ([0, INF, -1, NAN], [-INF, INF, NAN, NAN]),
    "log1p(x)": ([-1, INF, 1e-20, -2], [-INF, INF, 1e-20, NAN]),
    "sqrt(x)": ([0, INF, -1, NAN], [0, INF, NAN, NAN]),
    "rsqrt(x)": ([0, INF], [INF, 0]),
    "reciprocal(x)": ([0, INF, -INF], [INF, 0, 0]),
    "atan(x)": ([INF, -INF, NAN], [np.pi / 2, -np.pi / 2, NAN]),
    "sin(x)": ([INF, NAN], [NAN, NAN]),
    "relu(x)": ([INF, -INF, NAN], [INF, 0, NAN]),
    "abs(x)": ([INF, -INF, NAN], [INF, INF, NAN]),
    "sign(x)": ([INF, -INF, NAN, 0], [1, -1, NAN, 0]),
    "floor(x)": ([INF, -INF, NAN, -0.5], [INF, -INF, NAN, -1]),
    "round(x)": ([INF, 0.5, 1.5, 2.5], [INF, 0, 2, 2]),
    "maximum(x, 1)": ([NAN, INF, -INF], [NAN, INF, 1]),
    "minimum(x, 1)": ([NAN, INF, -INF], [NAN, 1, -INF]),
    "clip(x, -1, 1)": ([NAN, INF, -INF], [NAN, 1, -1]),
    "where(x > 0, x, 0.0)": ([NAN, INF, -INF], [0, INF, 0]),
    "x - x": ([INF, NAN], [NAN, NAN]),
    "x / x": ([0, INF, NAN], [NAN, NAN, NAN]),
    "sum(x)": ([1, NAN, 2], NAN),
    "sum(1 * x)": ([INF, 1, 2], INF),
    "mean(x)": ([INF, -INF], NAN),
    "max(x)": ([1, NAN, 2], NAN),
    "min(x)": ([1, NAN, 2], NAN),
    "max(2 * x)": ([-INF, -INF], -INF),
    "cumsum(x, axis = 0)": ([1, INF, 1, NAN, 1], [1, INF, INF, NAN, NAN]),
}
SLOPES = {
    "sigmoid(x)": ([BIG, -BIG, 0], [0, 0, 0.25]),
    "log(sigmoid(x))": ([BIG, -BIG, 0], [0, 1, 0.5]),
    "softplus(x)": ([BIG, -BIG, 0], [1, 0, 0.5]),
    "tanh(x)": ([BIG, -BIG, 0], [0, 0, 1]),
    "gelu(x)": ([BIG, -BIG, 0], [1, 0, 0.5]),
    "silu(x)": ([BIG, -BIG, 0], [1, 0, 0.5]),
    "log_softmax(x)[0]": ([BIG, -BIG, 0], [0, 0, 0]),
    "log_softmax(x)[1]": ([BIG, -BIG, 0], [-1, 1, 0]),
    "log(softmax(x))[1]": ([BIG, -BIG, 0], [-1, 1, 0]),
    "log(sum(exp(x)))": ([BIG, -BIG, BIG], [0.5, 0, 0.5]),
    "hypot(x, x)": ([1e30, 0], [np.sqrt(2), 0]),
    "norm(x)": ([0, 0, 0], [0, 0, 0]),
    "variance(x)": ([3, 3, 3], [0, 0, 0]),
}
EMPTY = {
    "sum(x, axis = 1)": [0, 0],
    "prod(x, axis = 1)": [1, 1],
    "mean(x, axis = 1)": [NAN, NAN],
    "max(x, axis = 1)": [-INF, -INF],
    "min(x, axis = 1)": [INF, INF],
    "softmax(x)": np.zeros((2, 0)),
    "grad(sum(softmax(x)), x)": np.zeros((2, 0)),
    "grad(sum(exp(max(x, axis = 1))), x)": np.zeros((2, 0)),
    "cumsum(x, axis = 1)": np.zeros((2, 0)),
    "x @ transpose(x)": np.zeros((2, 2)),
    "concat(x, [[1.0], [2.0]], axis = 1)": [[1], [2]],
}
CONSTANT_ROW = np.full((2, 4), 3.0)


def _texts():
    """Models by name, with the input that each is run on and what it must give."""
    for k, (expression, (at, wanted)) in enumerate(VALUES.items()):
        yield f"V{k}", f"input x: [{len(at)}]; output y = {expression}", at, wanted
    for k, (expression, (at, wanted)) in enumerate(SLOPES.items()):
        yield f"S{k}", f"input x: [{len(at)}]; output y = grad(sum({expression}), x)", at, wanted
    for k, (expression, wanted) in enumerate(EMPTY.items()):
        yield f"E{k}", f"input x: [2, 0]; output y = {expression}", np.zeros((2, 0)), wanted
    normalised = "input x: [2, 4]; y = layer_norm(x)"
    yield "L0", f"{normalised}; output y = y", CONSTANT_ROW, np.zeros((2, 4))
    yield "L1", f"{normalised}; output z = grad(sum(y * y), x)", CONSTANT_ROW, np.zeros((2, 4))


CASES = {name: (body, np.array(at, np.float32), wanted) for name, body, at, wanted in _texts()}
NAMES = [pytest.param(name, id=f"{name}-{body.rpartition('= ')[2]}") for name, (body, *_) in CASES.items()]


@pytest.fixture(scope="module", params=["numpy", "cpu"])
def session(request):
    text = "".join(f"model {name} {{ {body} }}\n" for name, (body, *_) in CASES.items())
    models = load_text(text).models
    graphs = {name: optimise(Program(models[name].graph)) for name in CASES}
    session = load_backend(request.param).compile(graphs)
    for graph in graphs.values():
        for leaf, node in graph.leaves().items():
            session.write(leaf, np.full(node.type.static_shape(), float(leaf.endswith("gain"))))
    return session


@pytest.mark.parametrize("name", NAMES)
def test_extremes(session, name):
    _, at, wanted = CASES[name]
    (found,) = session.run(name, {"x": at}).values()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.broadcast_to(wanted, found.shape), rtol=1e-6, atol=1e-7)


def test_subnormal_numbers_are_flushed_by_compiled_programs_alone():
    graph = optimise(Program(load_text("model M { input x: [2]; output y = x * 0.5 }").models["M"].graph))
    at = np.array([1e-40, 1e-37], np.float32)
    found = {
        name: load_backend(name).compile({"p": graph}).run("p", {"x": at})["output:y"]
        for name in ("numpy", "cpu")
    }
    np.testing.assert_array_equal(found["numpy"], at * np.float32(0.5))
    np.testing.assert_array_equal(found["cpu"], [0, at[1] * np.float32(0.5)])
