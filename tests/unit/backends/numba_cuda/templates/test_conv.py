"""Convolutions and their gradients in the block simulator equal the ops' meaning in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from support.block_sim import ORDERS
from support.products import CONVS, ConvCase, Workbench, conv_call, conv_value, roles
from treadle.backends.numba_cuda.templates import conv_steps
from treadle.backends.numba_cuda.templates.geometry import forward_windows, geometry, input_grad_windows
from treadle.backends.numba_cuda.templates.tiles import Tile
from treadle.types import DType

TINY = Tile(16, 32, 8, 4, 4)
ZERO, ONE = ((0, 0), (0, 0)), ((1, 1), (1, 1))
CASES = {
    "plain": ConvCase((2, 3, 5, 6), (4, 3, 3, 2)),
    "everything": ConvCase((2, 4, 5, 6), (4, 2, 3, 2), (2, 1), ((1, 0), (2, 1)), (1, 2), 2),
    "strided": ConvCase((2, 3, 7, 8), (5, 3, 3, 3), (2, 2), ONE),
    "one tap": ConvCase((2, 3, 7, 8), (5, 3, 1, 1), (2, 2)),
    "stride and dilation": ConvCase((1, 2, 9, 9), (3, 2, 2, 2), (3, 3), ZERO, (2, 2)),
    "depthwise": ConvCase((2, 6, 4, 4), (12, 1, 3, 3), (1, 1), ONE, (1, 1), 6),
    "few depthwise": ConvCase((2, 3, 4, 5), (3, 1, 2, 3), (1, 1), ONE, (1, 1), 3),
    "strided groups": ConvCase((2, 4, 7, 5), (4, 2, 2, 2), (2, 2), ONE, (1, 2), 2),
    "whole image": ConvCase((3, 2, 4, 4), (5, 2, 4, 4)),
}


@pytest.mark.parametrize("op", CONVS)
@pytest.mark.parametrize("name", CASES)
def test_equals_numpy(name: str, op: str) -> None:
    """Strides, paddings that differ, dilations, groups; all three directions."""
    bench = Workbench()
    call = conv_call(bench, op, CASES[name])
    bench.run(conv_steps(call, TINY), roles(call))
    np.testing.assert_allclose(bench.written(call.output), conv_value(bench, call), rtol=0, atol=2e-5)


@pytest.mark.parametrize("op", CONVS)
@pytest.mark.parametrize("order", ORDERS)
def test_as_chosen(op: str, order: str) -> None:
    """With the kernels that the sizes ask for, in both orders of warps."""
    bench = Workbench()
    call = conv_call(bench, op, ConvCase((2, 5, 6, 6), (7, 5, 3, 3), (1, 1), ONE))
    bench.run(conv_steps(call), roles(call), order)
    np.testing.assert_allclose(bench.written(call.output), conv_value(bench, call), rtol=0, atol=2e-5)


@pytest.mark.parametrize("op", CONVS)
@pytest.mark.parametrize("name", ["few depthwise", "strided groups"])
def test_narrow_groups(name: str, op: str) -> None:
    """Groups of few channels have kernels without tiles."""
    bench = Workbench()
    call = conv_call(bench, op, CASES[name])
    steps = conv_steps(call)
    assert all("narrow" in source.name for source in steps.sources())
    bench.run(steps, roles(call))
    np.testing.assert_allclose(bench.written(call.output), conv_value(bench, call), rtol=0, atol=2e-5)


def test_filter_gradient_in_parts() -> None:
    """Many pixels over few weights: parts, then a second kernel."""
    bench = Workbench()
    call = conv_call(bench, "conv_filter_grad", ConvCase((2, 2, 16, 16), (2, 2, 1, 1)))
    steps = conv_steps(call, TINY)
    assert len(steps.steps) == 2
    bench.run(steps, roles(call))
    np.testing.assert_allclose(bench.written(call.output), conv_value(bench, call), rtol=0, atol=5e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(DType.F64, 1e-12), (DType.BF16, 0.1)])
def test_other_element_types(dtype: DType, tolerance: float) -> None:
    """float64, and bfloat16 computed in float32."""
    bench = Workbench(dtype)
    call = conv_call(bench, "conv", ConvCase((1, 2, 5, 5), (3, 2, 3, 3), (1, 1), ONE))
    bench.run(conv_steps(call), roles(call))
    np.testing.assert_allclose(bench.written(call.output), conv_value(bench, call), rtol=0, atol=tolerance)


def test_residues_share_out_the_taps() -> None:
    """The launches of a strided gradient meet every tap once: no multiplication is wasted."""
    bench = Workbench()
    g = geometry(conv_call(bench, "conv_input_grad", ConvCase((1, 2, 8, 8), (3, 2, 3, 3), (2, 2), ONE)))
    windows = input_grad_windows(g)
    assert sum(part.taps for part in windows) == 9
    assert forward_windows(g).taps == 9
