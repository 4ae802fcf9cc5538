"""Every op of the registry, compiled for the CPU, gives what NumPy gives on its samples.

One session holds a program for each sample, so that all kernels compile in one batch.
"""

import numpy as np
import pytest

from treadle.backends.numba_cpu.backend import NumbaCpuBackend
from treadle.ir import Builder, Graph
from treadle.ops import REGISTRY
from treadle.types import DType, TensorType

DRAWS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "positive": lambda rng, shape: rng.uniform(0.1, 3.0, shape),
    "above one": lambda rng, shape: rng.uniform(1.1, 3.0, shape),
    "unit": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "nonzero": lambda rng, shape: rng.uniform(0.2, 2.0, shape) * rng.choice([-1, 1], shape),
    "int": lambda rng, shape: rng.integers(-3, 4, shape),
    "bool": lambda rng, shape: rng.integers(0, 2, shape),
    "regular": lambda rng, shape: rng.standard_normal(shape) + 2 * np.eye(*shape[-2:]),
}
SKIPPED = {"input", "param", "state", "scan", "item", "grad"}
CASES = [(op, number) for op in REGISTRY if op.name not in SKIPPED for number in range(len(op.samples))]


def _dtype(sample, operand):
    name = sample.dtypes[operand] if operand < len(sample.dtypes) else "f64"
    return {"f64": DType.F32, "f32": DType.F32}.get(name, DType(name))


def _attrs(sample):
    return {k: DType.F32 if v is DType.F64 else v for k, v in sample.attrs.items()}


def _program(op, sample):
    graph = Graph(op.name)
    builder = Builder(graph)
    operands = [
        builder.input(f"x{k}", TensorType(_dtype(sample, k), shape)) for k, shape in enumerate(sample.shapes)
    ]
    graph.outputs["y"] = builder.apply(op.name, *operands, **_attrs(sample))
    return graph


def _operands(sample, rng):
    values = {}
    for k, shape in enumerate(sample.shapes):
        dtype = _dtype(sample, k)
        domain = "int" if dtype.is_int else "bool" if dtype is DType.BOOL else sample.domain
        values[f"x{k}"] = np.asarray(DRAWS[domain](rng, shape)).astype(dtype.numpy_name)
    return values


@pytest.fixture(scope="module")
def session():
    programs = {f"{op.name}{number}": _program(op, op.samples[number]) for op, number in CASES}
    return NumbaCpuBackend().compile(programs, threads=2)


@pytest.mark.parametrize(("op", "number"), CASES, ids=lambda part: getattr(part, "name", str(part)))
def test_sample(session, op, number):
    sample = op.samples[number]
    values = _operands(sample, np.random.default_rng(number))
    found = session.run(f"{op.name}{number}", values)["y"]
    attrs = {**op.attrs, **_attrs(sample)}
    if op.reference is not None:
        expected = op.reference(*values.values(), **attrs)
    assert found.dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=3e-6)
