"""Convolution and its gradients against a direct NumPy sum, over strides, borders, dilation, groups and
threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from support.kernels import aligned, run_plan
from treadle.backends.numba_cpu.templates.conv import (
    ConvGeometry,
    conv_filter_grad_plan,
    conv_input_grad_plan,
    conv_plan,
)
from treadle.backends.numba_cpu.templates.epilogue import Epilogue, Operand

RANDOM = np.random.default_rng(1)

GEOMETRIES = [
    ConvGeometry(2, 1, 9, 11, 6, (5, 5), padding=((2, 2), (2, 2))),
    ConvGeometry(3, 6, 7, 7, 16, (3, 3)),
    ConvGeometry(2, 3, 9, 7, 5, (3, 2), padding=((1, 1), (0, 1))),
    ConvGeometry(3, 4, 11, 10, 6, (3, 3), (2, 3), ((1, 0), (2, 1)), groups=2),
    ConvGeometry(1, 2, 12, 13, 20, (3, 3), (1, 2), ((2, 2), (2, 2)), (2, 2)),
    ConvGeometry(2, 6, 8, 8, 6, (3, 3), padding=((1, 1), (1, 1)), groups=6),
    ConvGeometry(2, 3, 9, 10, 3, (3, 5), (2, 3), ((1, 2), (2, 4)), (2, 1), groups=3),
    ConvGeometry(3, 2, 5, 5, 2, (1, 1), (3, 3), groups=2),
    ConvGeometry(1, 2, 4, 5, 2, (2, 2), padding=((2, 1), (0, 3)), groups=2),
    ConvGeometry(2, 3, 5, 5, 4, (1, 1), (3, 3)),
    ConvGeometry(1, 48, 5, 19, 33, (3, 3), padding=((1, 1), (1, 1))),
    ConvGeometry(1, 1, 1, 130, 1, (1, 7), padding=((0, 0), (6, 0)), dilation=(1, 1)),
]


def random(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    values = aligned(shape, dtype)
    values[...] = RANDOM.standard_normal(shape)
    return values


def tensors(g: ConvGeometry, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, w and dy of a geometry."""
    x = random((g.batch, g.channels, g.height, g.width), dtype)
    w = random((g.filters, g.group_channels, *g.kernel), dtype)
    return x, w, random((g.batch, g.filters, g.out_height, g.out_width), dtype)


def meetings(g: ConvGeometry) -> list[tuple[int, tuple[int, int], tuple[slice, ...]]]:
    """Return, for every group and tap, the part of the padded image that the tap meets."""
    found = []
    for group, i, j in itertools.product(range(g.groups), range(g.kernel[0]), range(g.kernel[1])):
        channels = slice(group * g.group_channels, (group + 1) * g.group_channels)
        spans = []
        for tap, stride, dilation, count in (
            (i, g.stride[0], g.dilation[0], g.out_height),
            (j, g.stride[1], g.dilation[1], g.out_width),
        ):
            first = tap * dilation
            spans.append(slice(first, first + (count - 1) * stride + 1, stride))
        found.append((group, (i, j), (slice(None), channels, *spans)))
    return found


def pad(x: np.ndarray, g: ConvGeometry) -> np.ndarray:
    return np.pad(x.astype("f8"), ((0, 0), (0, 0), *g.padding))


def filters_of(group: int, g: ConvGeometry) -> slice:
    return slice(group * g.group_filters, (group + 1) * g.group_filters)


def expect_forward(x: np.ndarray, w: np.ndarray, g: ConvGeometry) -> np.ndarray:
    padded, y = pad(x, g), np.zeros((g.batch, g.filters, g.out_height, g.out_width))
    for group, (i, j), where in meetings(g):
        filters = filters_of(group, g)
        y[:, filters] += np.einsum("nchw,fc->nfhw", padded[where], w[filters, :, i, j].astype("f8"))
    return y


def expect_input_grad(dy: np.ndarray, w: np.ndarray, g: ConvGeometry) -> np.ndarray:
    dx = pad(np.zeros((g.batch, g.channels, g.height, g.width)), g)
    for group, (i, j), where in meetings(g):
        filters = filters_of(group, g)
        dx[where] += np.einsum("nfhw,fc->nchw", dy[:, filters].astype("f8"), w[filters, :, i, j].astype("f8"))
    top, left = g.padding[0][0], g.padding[1][0]
    return dx[:, :, top : top + g.height, left : left + g.width]


def expect_filter_grad(x: np.ndarray, dy: np.ndarray, g: ConvGeometry) -> np.ndarray:
    padded, dw = pad(x, g), np.zeros((g.filters, g.group_channels, *g.kernel))
    for group, (i, j), where in meetings(g):
        filters = filters_of(group, g)
        dw[filters, :, i, j] = np.einsum("nchw,nfhw->fc", padded[where], dy[:, filters].astype("f8"))
    return dw


def close(found: np.ndarray, expected: np.ndarray, dtype: str) -> None:
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=scale * {"f4": 2e-6, "f8": 1e-14}[dtype] * 8)


def same_for_threads(run: Callable[[int], np.ndarray]) -> np.ndarray:
    """Return the result of one thread after checking that two and three give the same bits."""
    results = [run(threads) for threads in (1, 2, 3)]
    assert all((result == results[0]).all() for result in results)
    return results[0]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("g", GEOMETRIES)
def test_forward(g: ConvGeometry, dtype: str) -> None:
    """Both forms of the product, at edges and borders, equal the direct sum; every output is written."""
    x, w, dy = tensors(g, dtype)

    def run(threads: int) -> np.ndarray:
        y = aligned(dy.shape, dtype)
        run_plan(conv_plan({"f4": "f32", "f8": "f64"}[dtype], g, threads), {"x": x, "w": w, "y": y}, threads)
        return y

    close(same_for_threads(run), expect_forward(x, w, g), dtype)


@pytest.mark.parametrize("g", GEOMETRIES)
def test_input_grad(g: ConvGeometry) -> None:
    """Every residue of the stride is covered, also those that no tap meets (they get zeros)."""
    x, w, dy = tensors(g, "f4")

    def run(threads: int) -> np.ndarray:
        dx = aligned(x.shape, "f4")
        run_plan(conv_input_grad_plan("f32", g, threads), {"dy": dy, "w": w, "dx": dx}, threads)
        return dx

    close(same_for_threads(run), expect_input_grad(dy, w, g), "f4")


@pytest.mark.parametrize("g", GEOMETRIES)
def test_filter_grad(g: ConvGeometry) -> None:
    """Sums over the batch do not depend on the number of threads, to the last bit."""
    x, w, dy = tensors(g, "f4")

    def run(threads: int) -> np.ndarray:
        dw = aligned(w.shape, "f4")
        run_plan(conv_filter_grad_plan("f32", g, threads), {"x": x, "dy": dy, "dw": dw}, threads)
        return dw

    close(same_for_threads(run), expect_filter_grad(x, dy, g), "f4")


def test_filter_grad_too_big_for_partial_sums_is_divided_by_taps() -> None:
    """A gradient of more than two megabytes takes the other division of work."""
    g = ConvGeometry(2, 90, 3, 3, 700, (3, 3), padding=((1, 1), (1, 1)))
    x, w, dy = tensors(g, "f4")
    dw = aligned(w.shape, "f4")
    run_plan(conv_filter_grad_plan("f32", g, 2), {"x": x, "dy": dy, "dw": dw}, 2)
    close(dw, expect_filter_grad(x, dy, g), "f4")


@pytest.mark.parametrize(("filters", "groups"), [(5, 1), (20, 1), (4, 4)])
def test_epilogue_sees_filters_as_rows(filters: int, groups: int) -> None:
    """Bias by filter, a full operand and an extra output work in all forms of the product."""
    g = ConvGeometry(3, 4, 8, 17, filters, (3, 3), padding=((1, 1), (1, 1)), groups=groups)
    x, w, dy = tensors(g, "f4")
    bias, y, pre = random((filters, 1, 1), "f4"), aligned(dy.shape, "f4"), aligned(dy.shape, "f4")
    epilogue = Epilogue(
        (Operand("bias", "f32", "row"), Operand("skip", "f32", "full")),
        ("t = value + bias + skip",),
        ("maximum(t, float32(0))", "t"),
    )
    arrays = {"x": x, "w": w, "y": y, "bias": bias, "skip": dy, "out1": pre}
    run_plan(conv_plan("f32", g, 2, epilogue), arrays, 2)
    expected = expect_forward(x, w, g) + bias + dy
    close(pre, expected, "f4")
    close(y, np.maximum(expected, 0), "f4")
