"""Every op of the registry, by its samples: type rule, NumPy meaning, scalar formula and derivative agree."""

from __future__ import annotations

import numpy as np
import pytest

from support.numpy_scalars import NumpyScalars
from support.op_samples import CASES, SMOOTH, Case
from treadle.autodiff.check import gradcheck
from treadle.backends.numpy_ref import evaluate
from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY

WITHOUT_SAMPLES = {"input", "param", "state", "scan", "item", "grad"}


def test_every_op_has_samples_and_a_doc():
    """Samples are what all other tests here run over."""
    assert {op.name for op in REGISTRY if not op.samples} == WITHOUT_SAMPLES
    assert all(op.doc.endswith(".") or "=" in op.doc for op in REGISTRY)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_inferred_type_is_the_type_of_the_value(case: Case):
    """The reference alone, without the interpreter's conversions."""
    _, node = case.build()
    result = np.asarray(case.op.reference(*case.values().values(), **node.attrs))
    assert result.shape == node.type.static_shape()
    assert result.dtype == np.dtype(node.type.dtype.numpy_name)


@pytest.mark.parametrize("case", [case for case in CASES if case.op.is_elementwise], ids=str)
def test_scalar_formula_is_the_reference(case: Case):
    """The loop IR's meaning of an elementwise op against NumPy's."""
    values = list(case.values().values())
    expected = case.op.reference(*values, **case.sample.attrs)
    found = case.op.scalar(NumpyScalars(), *values, **case.sample.attrs)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def _weighted(g: Builder, node: Node) -> Node:
    """A number that depends on all elements differently, and not linearly."""
    size = int(np.prod(node.type.static_shape()))
    weights = tuple(np.random.default_rng(1).uniform(0.5, 1.5, size).tolist())
    table = g.table(values=weights, dtype=node.type.dtype, shape=node.type.shape)
    return g.sum(g.mul(g.sin(node), table), axes=tuple(range(node.type.rank)))


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_derivative_is_the_slope(case: Case):
    """First order, against central differences."""
    g, node = case.build()
    g.graph.outputs["loss"] = _weighted(g, node)
    reports = gradcheck(g.graph, case.values(), evaluate, names=case.floats, samples=8)
    assert [report for report in reports if not report.agrees(1e-6)] == []


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_second_derivative_is_the_slope_of_the_first(case: Case):
    """The derivative rules are closed: a gradient can be differentiated again."""
    g, node = case.build()
    loss = _weighted(g, node)
    firsts = [g.grad(loss, g.graph.inputs[name]) for name in case.floats]
    g.graph.outputs["loss"] = _sum(g, [_weighted(g, first) for first in firsts])
    reports = gradcheck(g.graph, case.values(), evaluate, names=case.floats, samples=4)
    assert [report for report in reports if not report.agrees(1e-5)] == []


def _sum(g: Builder, nodes: list[Node]) -> Node:
    total = nodes[0]
    for node in nodes[1:]:
        total = g.add(total, node)
    return total


def test_graph_names_are_unique():
    """Cases are told apart by their names."""
    names = [str(case) for case in CASES]
    assert len(set(names)) == len(names)
    assert isinstance(CASES[0].build()[0].graph, Graph)
