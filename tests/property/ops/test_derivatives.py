"""Every derivative rule against central differences, at first and second order, at random shapes (sizes of 0
and 1, operands that broadcast) and with operands that are views: transposed, strided, reversed, repeated."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from support.op_samples import draw as draw_values
from support.op_variants import Variant, variants
from treadle.autodiff import expand
from treadle.autodiff.check import gradcheck
from treadle.backends.numpy_ref import evaluate
from treadle.ir import Builder, Graph, Node
from treadle.ops import REGISTRY, OpDef
from treadle.types import DType, TensorType

DIFFERENTIABLE = [op for op in REGISTRY if op.vjp is not None]
EXAMPLES = 8


def transposed(g: Builder, name: str, type_: TensorType) -> Node:
    perm = tuple(reversed(range(type_.rank)))
    return g.transpose(g.input(name, type_.with_shape(type_.shape[::-1])), perm=perm)


def strided(g: Builder, name: str, type_: TensorType) -> Node:
    """Every second element of each axis, from the second on."""
    whole = g.input(name, type_.with_shape(tuple(2 * size + 1 for size in type_.shape)))
    count = type_.rank
    stops = tuple(2 * size + 1 for size in type_.shape)
    return g.slice(whole, starts=(1,) * count, stops=stops, steps=(2,) * count)


def reversed_(g: Builder, name: str, type_: TensorType) -> Node:
    return g.flip(g.input(name, type_), axes=tuple(range(type_.rank)))


def repeated(g: Builder, name: str, type_: TensorType) -> Node:
    """One row for all."""
    row = g.input(name, type_.with_shape((1, *type_.shape[1:])) if type_.rank else type_)
    return g.broadcast_to(row, shape=type_.shape)


def plain(g: Builder, name: str, type_: TensorType) -> Node:
    return g.input(name, type_)


LAYOUTS = (plain, transposed, strided, reversed_)
MATRIX_OPS = {"solve", "det", "eigenvectors"}  # rows that repeat make matrices singular


def built(op: OpDef, variant: Variant, layouts) -> tuple[Builder, Node]:
    g = Builder(Graph(op.name))
    operands = []
    for number, (shape, layout) in enumerate(zip(variant.shapes, layouts, strict=True)):
        dtype = DType.I64 if number in variant.integers else DType.F64
        dtype = DType.BOOL if op.name == "where" and number == 0 else dtype
        make = plain if dtype is not DType.F64 else layout
        operands.append(make(g, f"x{number}", TensorType(dtype, shape)))
    return g, g.apply(op.name, *operands, **variant.attrs)


def values_of(op: OpDef, variant: Variant, graph: Graph) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    found = {}
    for name, node in graph.inputs.items():
        shape, dtype = node.type.static_shape(), node.type.dtype
        if dtype is DType.I64:
            found[name] = rng.integers(0, variant.limit, shape)
        else:
            found[name] = draw_values(rng, op.samples[0].domain, dtype, shape)
    return found


def weighted(g: Builder, node: Node) -> Node:
    """A number that depends on all elements differently, and not linearly."""
    shape = node.type.static_shape()
    weights = np.random.default_rng(1).uniform(0.5, 1.5, shape).ravel()
    table = g.table(values=tuple(weights.tolist()), dtype=node.type.dtype, shape=shape)
    return g.sum(g.mul(g.sin(node), table), axes=tuple(range(len(shape))))


def assert_slopes(graph: Graph, values, names, tolerance: float) -> None:
    reports = gradcheck(graph, values, evaluate, names=names, samples=4)
    assert [report for report in reports if not report.agrees(tolerance)] == []


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=attrgetter("name"))
@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_derivatives_are_slopes(op: OpDef, data):
    """Gradients have the shape of their operand, also where it is empty; nonempty ones are the slopes."""
    variant = data.draw(variants(op))
    choice = LAYOUTS if op.name in MATRIX_OPS else (*LAYOUTS, repeated)
    g, node = built(op, variant, [data.draw(st.sampled_from(choice)) for _ in variant.shapes])
    if not node.type.dtype.is_float:
        return
    values = values_of(op, variant, g.graph)
    floats = [name for name, leaf in g.graph.inputs.items() if leaf.type.dtype.is_float]
    loss = weighted(g, node)
    firsts = {name: g.grad(loss, g.graph.inputs[name]) for name in floats}
    g.graph.outputs.update({f"d{name}": first for name, first in firsts.items()})
    found = evaluate(expand.run(g.graph), values)
    assert {name: found[f"d{name}"].shape for name in floats} == {n: values[n].shape for n in floats}
    filled = [name for name in floats if values[name].size]
    g.graph.outputs = {"loss": loss}
    assert_slopes(g.graph, values, filled, 1e-6)
    slopes = g.const(value=0.0, dtype=DType.F64, shape=())
    for name in filled:
        slopes = g.add(slopes, weighted(g, firsts[name]))
    g.graph.outputs = {"loss": slopes}
    assert_slopes(g.graph, values, filled, 2e-5)
