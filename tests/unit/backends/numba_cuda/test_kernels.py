"""Every kind of schedule computes what the reference backend computes, in two orders of the threads, at odd
sizes; memory is poisoned first. `kinds` makes sure that a case is about the schedule it names."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import DeviceBuffer, run_steps
from support.cuda_machine import CudaMachine
from support.meaning import results, sample_values
from treadle.backends.numba_cuda import schedule
from treadle.backends.numba_cuda.kernels import kernel_steps
from treadle.backends.numba_cuda.schedule import Shape, choose
from treadle.backends.numba_cuda.structure import Structure
from treadle.errors import TreadleError
from treadle.ir import Builder, Graph
from treadle.lower.lower import lower
from treadle.lower.plan import KernelCall, walk
from treadle.lower.target import LANES
from treadle.passes import order
from treadle.types import DType, TensorType

F32, F64, I64, I32, U8, BOOL = DType.F32, DType.F64, DType.I64, DType.I32, DType.U8, DType.BOOL


def planned(make, dtype=F32, **shapes):
    """A graph of inputs with these shapes, or of a (shape, type), and its plan."""
    graph = Graph("test")
    g = Builder(graph)
    leaves = []
    for name, given in shapes.items():
        shape, kind = given if given and isinstance(given[-1], DType) else (given, dtype)
        leaves.append((g.param if name.isupper() else g.input)(name, TensorType(kind, shape)))
    made = make(g, *leaves)
    graph.outputs.update(made if isinstance(made, dict) else {"y": made})
    graph = order.optimise(graph)
    return graph, lower(graph, target=LANES)


def kernel_calls(plan):
    return [call for call in walk(plan.calls) if isinstance(call, KernelCall)]


def kinds(plan):
    return {
        choose(call.kernel, Structure(call.sizes), [[] for _ in call.operands]).shape
        for call in kernel_calls(plan)
    }


def assert_right(graph, plan, values=None, tolerance=1e-5, exact=False):
    values = values or sample_values(graph)
    expected = results(graph, values)
    found = {}
    for turn in ("forward", "backward"):
        outputs, leaves = CudaMachine(plan, turn).run(values)
        found[turn] = [*outputs.values(), *(leaves[name] for name in graph.updates)]
        for one, other in zip(expected, found[turn], strict=True):
            if exact:
                np.testing.assert_array_equal(other, one)
            np.testing.assert_allclose(other, one, rtol=tolerance, atol=tolerance)
    for one, other in zip(*found.values(), strict=True):
        assert one.tobytes() == other.tobytes()


def softmax(g, x):
    axis = (x.type.rank - 1,)
    shifted = g.exp(g.sub(x, g.max(x, axes=axis, keepdims=True)))
    return g.div(shifted, g.sum(shifted, axes=axis, keepdims=True))


@pytest.mark.parametrize("count", [1, 7, 300])
def test_elementwise_kernels_are_flat(count):
    graph, plan = planned(lambda g, x, y: g.mul(g.tanh(x), g.add(y, 2.0)), x=(count,), y=(count,))
    assert kinds(plan) <= {Shape.FLAT, Shape.WHOLE}
    assert_right(graph, plan)


@pytest.mark.parametrize("dtype", [F32, F64, I32, I64, U8])
def test_aligned_elements_move_four_at_a_time(dtype, monkeypatch):
    monkeypatch.setattr(schedule, "VECTOR_FROM", 8)
    graph, plan = planned(lambda g, x, b: g.add(g.mul(x, x), b), dtype, x=(6, 12), b=(12,))
    (call,) = kernel_calls(plan)
    text = kernel_steps(call).steps[0].source.text
    assert "load4(b0" in text
    assert "store4(" in text
    assert_right(graph, plan)


def test_elements_at_odd_places_move_alone(monkeypatch):
    monkeypatch.setattr(schedule, "VECTOR_FROM", 8)
    graph, plan = planned(
        lambda g, x: g.neg(g.slice(x, starts=(0, 1), stops=(4, 9), steps=(1, 1))), x=(4, 12)
    )
    (call,) = kernel_calls(plan)
    text = kernel_steps(call).steps[0].source.text
    assert "load4" not in text
    assert "store4" in text
    assert_right(graph, plan)


def test_transposed_and_broadcast_reads(monkeypatch):
    monkeypatch.setattr(schedule, "VECTOR_FROM", 8)
    graph, plan = planned(lambda g, x, y: g.add(g.transpose(x, perm=(2, 0, 1)), y), x=(5, 8, 3), y=(3, 5, 1))
    assert_right(graph, plan)


@pytest.mark.parametrize("shape", [(5, 7), (5, 33), (2, 3, 100)])
def test_a_warp_for_each_row(shape):
    graph, plan = planned(softmax, x=shape)
    assert kinds(plan) == {Shape.WARP}
    assert_right(graph, plan)


@pytest.mark.parametrize("length", [70, 132])
def test_a_block_for_each_long_row(length, monkeypatch):
    monkeypatch.setattr(schedule, "LONGEST_WARP_ROW", 16)
    graph, plan = planned(softmax, x=(5, length))
    assert kinds(plan) == {Shape.BLOCK}
    assert_right(graph, plan)


def test_rows_too_long_for_shared_memory_use_device_memory(monkeypatch):
    monkeypatch.setattr(schedule, "SHARED_LIMIT", 16)
    monkeypatch.setattr(schedule, "MOST_SHARED", 16)
    monkeypatch.setattr("treadle.backends.numba_cuda.kernels.RESIDENT_BLOCKS", 2)
    graph, plan = planned(softmax, x=(5, 70))
    (call,) = kernel_calls(plan)
    steps = kernel_steps(call)
    assert steps.scratch_bytes == 2 * 80 * 4
    assert steps.steps[0].grid == (2, 1, 1)
    assert_right(graph, plan)


def test_cross_entropy_with_labels_and_accuracy():
    def loss(g, x, label):
        picked = g.take_along(g.log(softmax(g, x)), g.reshape(label, shape=(9, 1)), axis=1)
        right = g.cast(g.eq(g.argmax(x, axis=1), label), dtype=F32)
        return {"loss": g.neg(g.mean(picked, axes=(0, 1))), "accuracy": g.mean(right, axes=(0,))}

    graph, plan = planned(loss, x=(9, 10), label=((9,), I64))
    assert_right(graph, plan)


def test_normalised_rows():
    def norm(g, x, scale):
        centred = g.sub(x, g.mean(x, axes=(1,), keepdims=True))
        spread = g.mean(g.mul(centred, centred), axes=(1,), keepdims=True)
        return g.mul(g.mul(centred, g.rsqrt(g.add(spread, 1e-5))), scale)

    graph, plan = planned(norm, x=(6, 50), scale=(50,))
    assert_right(graph, plan)


@pytest.mark.parametrize("op", ["argmax", "argmin"])
@pytest.mark.parametrize("length", [5, 40, 200])
def test_searches_find_the_first_of_equals(op, length):
    graph, plan = planned(lambda g, x: g.cast(getattr(g, op)(x, axis=1), dtype=I64), x=(4, length))
    values = {"x": np.random.default_rng(0).integers(0, 3, (4, length)).astype(np.float32)}
    values["x"][1, length // 2] = np.nan
    values["x"][2] = -np.inf if op == "argmax" else np.inf
    assert_right(graph, plan, values, exact=True)


@pytest.mark.parametrize("op", ["sum", "max", "min", "prod"])
@pytest.mark.parametrize("dtype", [F32, F64, I32, I64])
def test_whole_reductions(op, dtype):
    graph, plan = planned(lambda g, x: getattr(g, op)(x, axes=(0,)), dtype, x=(37,))
    assert kinds(plan) == {Shape.WHOLE}
    assert_right(graph, plan)


def test_long_whole_reductions_go_in_two_steps():
    graph, plan = planned(lambda g, x: g.sum(g.mul(x, x), axes=(0,)), x=(32768,))
    assert len(kernel_calls(plan)) == 2
    assert_right(graph, plan, tolerance=1e-4)


@pytest.mark.parametrize("shape", [(40, 9), (64, 33), (33, 70)])
@pytest.mark.parametrize("op", ["sum", "max"])
def test_columns_are_reduced_side_by_side(shape, op):
    graph, plan = planned(lambda g, x: getattr(g, op)(g.neg(x), axes=(0,)), x=shape)
    assert kinds(plan) == {Shape.COLUMNS}
    assert_right(graph, plan)


def test_long_columns_are_cut_into_pieces():
    graph, plan = planned(lambda g, x: g.sum(x, axes=(0,)), x=(2048, 5))
    assert len(kernel_calls(plan)) == 2
    assert_right(graph, plan, tolerance=1e-4)


def test_channel_statistics():
    def centred(g, x):
        return g.sub(x, g.mean(x, axes=(0, 2, 3), keepdims=True))

    graph, plan = planned(centred, x=(4, 5, 6, 6))
    assert_right(graph, plan)


def test_pooling_and_its_gradient():
    def pool(g, x):
        seen = g.windows(x, axes=(2, 3), sizes=(2, 2), strides=(2, 2), dilations=(1, 1))
        return g.max(seen, axes=(4, 5))

    graph, plan = planned(pool, x=(2, 3, 6, 8))
    assert kinds(plan) == {Shape.FLAT}
    assert_right(graph, plan)


def test_wide_windows_are_rows():
    def pool(g, x):
        seen = g.windows(x, axes=(2, 3), sizes=(7, 7), strides=(1, 1), dilations=(1, 1))
        return g.mean(seen, axes=(4, 5))

    graph, plan = planned(pool, x=(1, 2, 9, 8))
    assert kinds(plan) == {Shape.WARP}
    assert_right(graph, plan)


@pytest.mark.parametrize("size", [2, 40])
def test_gathered_rows(size, monkeypatch):
    monkeypatch.setattr(schedule, "VECTOR_FROM", 8)
    graph, plan = planned(lambda g, t, i: g.take(t, i, axis=0), t=(size, 8), i=((5, 3), I64))
    assert_right(graph, plan)


@pytest.mark.parametrize("updates", [1, 6, 50])
def test_scattered_rows_are_added_by_their_first_update(updates):
    graph, plan = planned(
        lambda g, x, i: g.scatter_add(x, i, axis=0, size=7), x=(updates, 9), i=((updates,), I64)
    )
    assert len(kernel_calls(plan)) == 2
    assert_right(graph, plan)


def test_scattered_rows_named_by_a_matrix():
    graph, plan = planned(
        lambda g, x, i: g.scatter_add(x, i, axis=1, size=5), x=(2, 4, 3, 6), i=((4, 3), I64)
    )
    assert_right(graph, plan)


@pytest.mark.parametrize("reverse", [False, True])
def test_running_sums(reverse):
    graph, plan = planned(lambda g, x: g.cumsum(x, axis=1, reverse=reverse), x=(3, 20))
    assert_right(graph, plan)


def test_uniform_draws_are_the_same_bits_and_normal_ones_close():
    def draws(g, key):
        return {
            "uniform": g.random_uniform(key, shape=(3, 50), stream=2**31 + 5, dtype=F32),
            "normal": g.random_normal(key, shape=(3, 50), stream=9, dtype=F64),
            "key": g.fold_in(key, g.constant(3, dtype=I64)),
        }

    graph, plan = planned(draws, key=((2,), I64))
    values = {"key": np.array([2**40 + 3, -7])}
    expected = dict(zip(graph.outputs, results(graph, values), strict=True))
    outputs, _ = CudaMachine(plan).run(values)
    np.testing.assert_array_equal(outputs["uniform"], expected["uniform"])
    np.testing.assert_array_equal(outputs["key"], expected["key"])
    np.testing.assert_allclose(outputs["normal"], expected["normal"], rtol=1e-6, atol=1e-6)


def test_booleans_are_bytes_in_memory(monkeypatch):
    monkeypatch.setattr(schedule, "VECTOR_FROM", 8)

    def masks(g, x, keep):
        positive = g.logical_and(g.lt(g.constant(0.0), x), keep)
        return {"positive": positive, "none": g.logical_not(keep), "kept": g.where(positive, x, g.neg(x))}

    graph, plan = planned(masks, x=(4, 8), keep=((4, 8), BOOL))
    assert_right(graph, plan, exact=True)


def test_updates_in_place():
    graph, _ = planned(lambda g, w: g.sum(g.mul(w, w), axes=(0, 1)), W=(6, 8))
    g = Builder(graph)
    weight = graph.params["W"]
    graph.updates["W"] = g.sub(weight, g.mul(weight, 0.1))
    assert_right(graph, lower(graph, target=LANES))


def test_half_precision_is_summed_in_single():
    _, plan = planned(lambda g, x: g.sum(x, axes=(1,)), DType.BF16, x=(5, 300))
    (call,) = kernel_calls(plan)
    ones = np.full((5, 300), 0x3F80, np.uint16)
    found = np.zeros(5, np.uint16)
    run_steps(kernel_steps(call), {"0": DeviceBuffer.of(ones), "1": DeviceBuffer.of(found)})
    np.testing.assert_array_equal((found.astype(np.uint32) << 16).view(np.float32), np.full(5, 300.0))


def test_tensors_beyond_32_bits_are_refused():
    _, plan = planned(lambda g, x: g.neg(x), U8, x=(2**31,))
    (call,) = kernel_calls(plan)
    with pytest.raises(TreadleError, match="E1103"):
        kernel_steps(call)
