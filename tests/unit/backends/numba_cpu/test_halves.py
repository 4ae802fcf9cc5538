"""Two-byte floats on the CPU: every op gives the reference's values to one unit, conversions every bit.

One session holds all programs, so that all kernels compile in one batch.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.samples import CASES, operands, program
from treadle.backends.numba_cpu.backend import NumbaCpuBackend
from treadle.backends.numpy_ref import evaluate
from treadle.ir import Builder, Graph
from treadle.passes import order
from treadle.types import DType, TensorType

UNIT = {DType.F16: 2.0**-11, DType.BF16: 2.0**-8}
HALVES = list(UNIT)
SAMPLES = [case for case in CASES if case.takes_floats and case.number == 0]
FEW = {"add", "div", "tanh", "where", "sum", "max", "matmul", "random_uniform", "cumsum", "fold_windows"}
TRIED = [(case, d) for case in SAMPLES for d in HALVES if d is DType.BF16 or case.op.name in FEW]
SPECIAL = [
    *(0.0, -0.0, 1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-11, 1 + 3 * 2**-11, -1 - 2**-9, 2049.0, 2051.0),
    *(65504.0, 65519.9, 65520.0, -65520.0, 3.39e38, 3.4e38, np.inf, -np.inf, np.nan),
    *(6e-8, 2.9802322e-8, 2.98024e-8, 6.1e-5, 1e-5, 1.2e-38, -3e-7),
]
WIDE = [DType.F32, DType.F64, DType.I64, DType.I32, DType.U8, DType.BOOL]


def conversions(dtype: DType) -> Graph:
    """From a type to two bytes and back to every other one, through memory and not."""
    graph = Graph(f"casts_{dtype}")
    g = Builder(graph)
    special = g.input("special", TensorType(DType.F32, (len(SPECIAL),)))
    tame = g.input("tame", TensorType(DType.F64, (5,)))
    graph.outputs["stored"] = g.cast(special, dtype=dtype)
    graph.outputs["rounded"] = g.cast(graph.outputs["stored"], dtype=DType.F32)
    for other in WIDE:
        there = g.cast(g.cast(tame, dtype=other), dtype=dtype)
        graph.outputs[f"from_{other}"] = there
        graph.outputs[f"to_{other}"] = g.cast(there, dtype=other)
    return graph


@pytest.fixture(scope="module")
def session():
    programs = {f"{case.name}_{dtype}": program(case, dtype) for case, dtype in TRIED}
    programs |= {f"casts_{dtype}": conversions(dtype) for dtype in HALVES}
    return NumbaCpuBackend().compile(programs, threads=2)


@pytest.mark.parametrize(("case", "dtype"), TRIED, ids=[f"{case.name}-{d}" for case, d in TRIED])
def test_ops_round_once(session, case, dtype):
    """Computed in float32 and rounded at the end, an op differs from the reference by a rounding at most."""
    values = operands(case, dtype)
    found = session.run(f"{case.name}_{dtype}", values)["y"]
    expected = evaluate(program(case, dtype), values)["y"]
    assert found.dtype == expected.dtype
    unit = 2 * UNIT[dtype] if expected.dtype.kind == "f" else 0
    wide = expected.astype(np.float64)
    np.testing.assert_allclose(found.astype(np.float64), wide, rtol=unit, atol=unit / 16)


@pytest.mark.parametrize("dtype", HALVES)
def test_ops_are_as_exact_as_their_type(session, dtype):
    """Against float64 on the same rounded operands: half a unit, and what float32 loses."""
    for case in (case for case in SAMPLES if case.name in {"tanh0", "add0", "div0", "sum0"}):
        values = operands(case, dtype)
        found = session.run(f"{case.name}_{dtype}", values)["y"].astype(np.float64)
        exact = evaluate(program(case, DType.F64), values)["y"]
        np.testing.assert_allclose(found, exact, rtol=UNIT[dtype] * 1.01, atol=1e-6, err_msg=case.name)


@pytest.mark.parametrize("dtype", HALVES)
def test_conversions_agree_in_every_bit(session, dtype):
    """Ties, denormals, overflow, infinities and NaN, and all other element types."""
    values = {"special": np.array(SPECIAL, np.float32), "tame": np.array([0, 1, 2.5, 3.75, 200.0])}
    found = session.run(f"casts_{dtype}", values)
    for name, expected in evaluate(conversions(dtype), values).items():
        np.testing.assert_array_equal(found[name], expected, err_msg=name)
        np.testing.assert_array_equal(np.signbit(found[name]), np.signbit(expected), err_msg=name)


@pytest.mark.parametrize("dtype", HALVES)
def test_folded_constants_are_rounded_as_computed_ones_are(dtype):
    graph = Graph("constants")
    g = Builder(graph)
    x = g.input("x", TensorType(dtype, (3,)))
    third = g.div(g.constant(1.0, dtype), g.constant(3.0, dtype))
    graph.outputs["y"] = g.mul(x, third)
    values = {"x": np.array([1.0, 3.0, 7.0])}
    folded = order.optimise(graph)
    assert all(node.op != "div" for node in folded)
    expected = evaluate(graph, values)["y"]
    np.testing.assert_array_equal(evaluate(folded, values)["y"], expected)
    found = NumbaCpuBackend().compile({"p": folded}, threads=1).run("p", values)["y"]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", HALVES)
def test_leaves_are_stored_in_two_bytes(dtype):
    graph = Graph("leaf")
    g = Builder(graph)
    w = g.param("w", TensorType(dtype, (64,)))
    graph.updates["w"] = g.mul(w, g.constant(0.7, dtype))
    session = NumbaCpuBackend().compile({"p": graph}, threads=1)
    session.write("w", np.linspace(-1, 1, 64))
    session.run("p", {})
    assert session.memory.parameters == 128
    expected = evaluate_update(graph, np.linspace(-1, 1, 64))
    np.testing.assert_array_equal(session.read("w"), expected)


def evaluate_update(graph, value):
    graph.outputs["new"] = graph.updates["w"]
    return evaluate(graph, {"w": value})["new"]
