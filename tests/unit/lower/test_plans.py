"""What lowering promises of typical graphs: what is fused, what is not copied, what is written in place."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from support.loop_machine import Machine
from support.loops import lstm_graph
from support.meaning import results, sample_values
from support.nets import lenet
from treadle.autodiff import expand
from treadle.ir import Builder, Graph, bind
from treadle.loops import kernel_text
from treadle.lower.arena import aligned, assign_offsets
from treadle.lower.lower import lower
from treadle.lower.plan import ConvCall, KernelCall, LoopCall, MatmulCall, touched, walk
from treadle.lower.storage import BufferKind
from treadle.passes import order
from treadle.types import DType, TensorType


def f32(*shape):
    return TensorType(DType.F32, shape)


def built(make, **types):
    """A graph with inputs (lower case) and params (upper case) of these types; `make` returns its outputs."""
    graph = Graph("test")
    g = Builder(graph)
    leaves = [(g.param if name.isupper() else g.input)(name, type_) for name, type_ in types.items()]
    graph.outputs.update(make(g, *leaves))
    return graph


def trained(graph, rate=0.1):
    """The graph with gradient steps on all params, as a backend gets it."""
    g = Builder(graph)
    for name, param in graph.params.items():
        graph.updates[name] = g.sub(param, g.mul(g.grad(graph.outputs["loss"], param), rate))
    return order.optimise(expand.run(order.prepare(graph)))


def kinds(plan):
    return Counter(type(call).__name__ for call in walk(plan.calls))


def assert_right(graph, plan, tolerance=1e-5):
    values = sample_values(graph)
    outputs, leaves = Machine(plan).run(values)
    found = [*outputs.values(), *(leaves[name] for name in graph.updates)]
    for one, other in zip(results(graph, values), found, strict=True):
        np.testing.assert_allclose(other, one, rtol=tolerance, atol=tolerance)


def test_elementwise_chains_and_views_are_one_loop():
    graph = built(
        lambda g, x, y: {
            "o": g.tanh(g.add(g.transpose(x, perm=(1, 0)), g.mul(g.reshape(y, shape=(4, 3)), 2.0)))
        },
        x=f32(3, 4),
        y=f32(12),
    )
    plan = lower(graph)
    assert kinds(plan) == {"KernelCall": 1}
    assert_right(graph, plan)


def test_a_softmax_is_one_kernel_that_keeps_its_row():
    def softmax(g, x):
        e = g.exp(g.sub(x, g.max(x, axes=(1,), keepdims=True)))
        return {"o": g.div(e, g.sum(e, axes=(1,), keepdims=True))}

    graph = built(softmax, x=f32(70, 90))
    plan = lower(graph)
    (call,) = plan.calls
    assert kernel_text(call.kernel).count("exp(") == 1
    assert [operand.buffer.name for operand in call.operands] == ["scratch", "x", "o"]
    assert_right(graph, plan)


def test_bias_and_activation_run_behind_the_product():
    graph = built(
        lambda g, x, W, B: {"o": g.relu(g.add(g.matmul(x, W), B))}, x=f32(8, 5), W=f32(5, 6), B=f32(6)
    )
    plan = lower(graph)
    (call,) = plan.calls
    assert isinstance(call, MatmulCall)
    assert [operand.kind for operand in call.epilogue.operands] == ["column"]
    assert_right(graph, plan)


def test_transposed_and_sliced_operands_are_not_copied():
    def product(g, x, W):
        left = g.slice(x, starts=(0, 1), stops=(8, 5), steps=(1, 1))
        return {"o": g.matmul(left, g.transpose(W, perm=(1, 0)))}

    graph = built(product, x=f32(8, 6), W=f32(7, 4))
    plan = lower(graph)
    assert kinds(plan) == {"MatmulCall": 1}
    assert_right(graph, plan)


def test_batches_fold_into_rows_or_loop():
    graph = built(
        lambda g, x, y, W: {
            "rows": g.matmul(x, W),
            "pairs": g.matmul(g.transpose(x, perm=(1, 0, 2, 3)), y),
        },
        x=f32(2, 3, 4, 5),
        y=f32(3, 1, 5, 2),
        W=f32(5, 6),
    )
    plan = lower(graph)
    rows = next(call for call in plan.calls if isinstance(call, MatmulCall))
    assert rows.a.shape == (1, 24, 5)
    assert_right(graph, plan)


def test_a_training_step_writes_parameters_in_place():
    def model(g, x, W, B, V):
        h = g.relu(g.add(g.matmul(x, W), B))
        return {"loss": g.mean(g.mul(g.matmul(h, V), g.matmul(h, V)), axes=(0, 1))}

    graph = trained(built(model, x=f32(8, 5), W=f32(5, 6), B=f32(6), V=f32(6, 3)))
    plan = lower(graph)
    assert not [call for call in plan.calls if isinstance(call, KernelCall) and call.kernel.name == "copy"]
    updates = [
        call.kernel for call in plan.calls if isinstance(call, KernelCall) and call.kernel.name == "sub"
    ]
    assert len(updates) == 3
    assert len(set(updates)) == 1
    assert_right(graph, plan)


def test_several_moments_are_updated_in_one_pass():
    graph = Graph("adam")
    g = Builder(graph)
    x = g.input("x", f32(30, 40))
    w, m, v = g.param("w", f32(30, 40)), g.state("m", f32(30, 40)), g.state("v", f32(30, 40))
    graph.updates["m"] = g.add(g.mul(m, 0.9), g.mul(x, 0.1))
    graph.updates["v"] = g.add(g.mul(v, 0.99), g.mul(g.mul(x, x), 0.01))
    graph.updates["w"] = g.sub(w, g.div(graph.updates["m"], g.sqrt(g.add(g.abs(graph.updates["v"]), 1.0))))
    plan = lower(graph)
    (call,) = plan.calls
    assert sorted(operand.buffer.name for operand in call.operands) == ["m", "v", "w", "x"]
    assert call.sizes == (1200,)
    assert_right(graph, plan)


def test_updates_read_old_values():
    """Swapped, shifted and mixed leaves: none may be overwritten before its other readers have run."""
    graph = Graph("swap")
    g = Builder(graph)
    a, b, c = (g.state(name, f32(6)) for name in "abc")
    graph.updates = {"a": b, "b": a, "c": g.add(g.flip(c, axes=(0,)), g.mul(a, b))}
    graph.outputs["old"] = c
    assert_right(graph, lower(graph))


def test_sums_over_rows_walk_the_rows():
    graph = built(lambda g, x: {"o": g.sum(x, axes=(0,))}, x=f32(50, 100))
    plan = lower(graph)
    text = kernel_text(plan.calls[0].kernel)
    assert text.index("reduce") < text.rindex("parallel")
    assert_right(graph, plan)


def test_gates_are_written_to_their_place_in_a_concatenation():
    def gates(g, x, y):
        parts = [g.tanh(x), g.sigmoid(x), g.mul(x, y)]
        return {"o": g.concat(*parts, axis=1)}

    graph = built(gates, x=f32(70, 80), y=f32(70, 80))
    plan = lower(graph)
    assert kinds(plan) == {"KernelCall": 1}
    assert [operand.buffer.name for operand in plan.calls[0].operands].count("o") == 1
    assert_right(graph, plan)


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("window", [(2, 2), (3, 2)])
def test_pooling_and_its_gradient(size, window):
    """Windows that touch, overlap or leave a border."""
    kernel, stride = window

    def pool(g, W):
        seen = g.windows(W, axes=(1, 2), sizes=(kernel, kernel), strides=(stride, stride), dilations=(1, 1))
        best = g.max(seen, axes=(3, 4))
        return {"loss": g.sum(g.mul(best, best), axes=(0, 1, 2))}

    graph = trained(built(pool, W=f32(3, size, size)))
    assert_right(graph, lower(graph))


def test_stored_positions_are_as_wide_as_floats():
    graph = built(lambda g, x: {"o": g.add(g.argmax(x, axis=1), g.argmax(x, axis=1))}, x=f32(5, 9))
    assert_right(graph, lower(graph))
    stored = built(lambda g, x: {"o": g.take(x, g.argmax(x, axis=0), axis=0)}, x=f32(9, 5))
    plan = lower(stored)
    places = [b for b in plan.buffers if b.kind is BufferKind.ARENA]
    assert [buffer.dtype for buffer in places] == [DType.I32]
    assert_right(stored, plan)


def test_lenet_trains_with_few_kernels():
    graph = trained(bind(lenet(), {"N": 2}))
    plan = lower(graph)
    assert kinds(plan)["ConvCall"] == 5
    assert len(plan.kernels()) <= 16
    convolutions = [call.op for call in plan.calls if isinstance(call, ConvCall)]
    assert convolutions.count("conv_input_grad") == 1


def test_a_reshaped_convolution_keeps_its_axes():
    """A convolution over one axis: its result is stored under another shape than templates know."""
    graph = built(
        lambda g, x, w: {"o": g.reshape(g.relu(g.conv(x, w)), shape=(2, 3, 5))},
        x=f32(2, 4, 1, 6),
        w=f32(3, 4, 1, 2),
    )
    plan = lower(graph)
    (call,) = plan.calls
    assert isinstance(call, ConvCall)
    assert call.output.shape == (2, 3, 1, 5)
    assert_right(graph, plan)


@pytest.mark.parametrize("reverse", [False, True])
def test_loops_over_time(reverse):
    """A trained LSTM: no weight is copied, and carried values that are returned live in a history."""
    graph = trained(lstm_graph(reverse=reverse))
    plan = lower(graph)
    assert sum(isinstance(call, LoopCall) for call in plan.calls) == 2
    for call in walk(plan.calls):
        if isinstance(call, KernelCall) and call.kernel.name == "copy":
            assert not {operand.buffer.name for operand in call.operands} & {"U", "W", "b"}
    assert_right(graph, plan, tolerance=1e-8)


def test_live_buffers_never_share_memory():
    plan = lower(trained(bind(lenet(), {"N": 2})))
    size = assign_offsets(plan.calls, {})
    last_touch = {}
    for time, call in enumerate(plan.calls):
        for buffer in _arena_buffers(call):
            first, _ = last_touch.get(buffer, (time, time))
            last_touch[buffer] = (first, time)
    assert size < sum(aligned(buffer.bytes) for buffer in last_touch)
    for one, (start, end) in last_touch.items():
        assert one.offset % 64 == 0
        for other, (begin, stop) in last_touch.items():
            if one is not other and start <= stop and begin <= end:
                apart = one.offset + one.bytes <= other.offset or other.offset + other.bytes <= one.offset
                assert apart, (one, other)


def _arena_buffers(call):
    reads, writes = touched(call)
    return [buffer for buffer in reads | writes if buffer.kind is BufferKind.ARENA]


def test_a_value_per_row_is_updated_in_the_kernel_that_makes_its_gradient():
    """As for the bias of a normalised convolution: the sum of a row, and the new bias that it leads to."""
    graph = Graph("bias")
    g = Builder(graph)
    x, b, m = g.input("x", f32(90, 80)), g.param("b", f32(90)), g.state("m", f32(90))
    shifted = g.tanh(g.add(x, g.reshape(b, shape=(90, 1))))
    graph.updates["m"] = g.add(g.mul(m, 0.9), g.sum(shifted, axes=(1,)))
    graph.updates["b"] = g.sub(b, g.mul(graph.updates["m"], 0.01))
    graph.outputs["y"] = g.add(g.mul(shifted, 2.0), g.reshape(b, shape=(90, 1)))
    plan = lower(graph)
    assert kinds(plan) == {"KernelCall": 1}
    assert_right(graph, plan)
