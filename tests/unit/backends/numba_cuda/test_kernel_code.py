"""Generated kernels compiled without a GPU: one of each schedule keeps the limits and has the accesses and
shuffles that it lives from."""

from __future__ import annotations

import pytest

from support.cuda_parts import needs_cuda_compiler, needs_disassembler
from support.sass import assert_limits, read_code
from treadle.backends.numba_cuda.batches import MOST_CALLS, batch_key, batch_steps
from treadle.backends.numba_cuda.kernels import kernel_steps
from treadle.ir import Builder, Graph
from treadle.lower.batch import batched
from treadle.lower.lower import lower
from treadle.lower.plan import BatchCall, KernelCall
from treadle.lower.target import LANES
from treadle.types import DType, TensorType

pytestmark = [needs_cuda_compiler, needs_disassembler]


def graph_of(make, *shapes):
    graph = Graph("test")
    g = Builder(graph)
    inputs = [g.input(f"x{n}", TensorType(DType.F32, shape)) for n, shape in enumerate(shapes)]
    for number, made in enumerate(make(g, *inputs)):
        graph.outputs[f"y{number}"] = made
    return lower(graph, target=LANES)


def softmax(g, x):
    shifted = g.exp(g.sub(x, g.max(x, axes=(1,), keepdims=True)))
    return [g.div(shifted, g.sum(shifted, axes=(1,), keepdims=True))]


CASES = {
    "flat": (lambda g, x: [g.sin(g.tanh(x))], (512, 256), ["LDG.E.128", "STG.E.128"]),
    "warp": (softmax, (4096, 256), ["LDG.E.128", "STG.E.128", "LDS.128", "SHFL.BFLY"]),
    "block": (softmax, (64, 4096), ["LDG.E.128", "STG.E.128", "SHFL.BFLY", "BAR.SYNC"]),
    "columns": (lambda g, x: [g.sum(x, axes=(0,))], (64, 300), ["LDG.E", "STS", "LDS", "BAR.SYNC"]),
    "whole": (lambda g, x: [g.sum(x, axes=(0,))], (8192,), ["LDG.E.128", "SHFL.BFLY", "BAR.SYNC"]),
}


@pytest.mark.parametrize(("case", "target"), [*((c, "sm_90a") for c in CASES), ("warp", "sm_80")])
def test_each_schedule_keeps_the_limits(case, target):
    make, shape, expected = CASES[case]
    (call,) = graph_of(make, shape).calls
    assert isinstance(call, KernelCall)
    check(kernel_steps(call).sources()[0], target, expected)


def test_batches_keep_wide_accesses_to_global_memory():
    plan = graph_of(lambda g, x, y: [g.tanh(x), g.tanh(y)], (256, 256), (256, 512))
    (call,) = batched(plan.calls, batch_key, MOST_CALLS)
    assert isinstance(call, BatchCall)
    check(batch_steps(call).sources()[0], "sm_90a", ["LDG.E.128", "STG.E.128"])


def check(source, target, expected):
    from treadle.backends.numba_cuda.compile import compile_cubin  # noqa: PLC0415 - needs the CUDA packages

    assert_limits(source, read_code(compile_cubin(source, target)), *expected)
