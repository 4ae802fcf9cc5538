"""Convolutions over two axes and their gradients, as products whose operands are gathered on the way.

Input: lower's `ConvCall` on contiguous NCHW tensors. Output: `Steps` with roles x, w, y or dy, w, dx or x,
dy, dw. y: filters x pixels, summed over (channel, tap), with an epilogue. dx: channels x pixels, summed over
(filter, tap), a launch for each residue of the position modulo the stride. dw: filters x (channel, tap),
summed over (image, pixel), in parts that a second kernel adds in order. Groups are the batch of the product;
those of few channels have kernels of their own (`depthwise.py`). The order of summation follows from the
sizes."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from treadle.backends.numba_cuda.kernel import Launch, Steps
from treadle.backends.numba_cuda.templates.combine import combine_launch, partial_tail
from treadle.backends.numba_cuda.templates.depthwise import is_narrow, pixels_launch, weights_launch
from treadle.backends.numba_cuda.templates.elements import element
from treadle.backends.numba_cuda.templates.geometry import (
    Geometry,
    Windows,
    forward_windows,
    geometry,
    input_grad_windows,
)
from treadle.backends.numba_cuda.templates.grid import Grid
from treadle.backends.numba_cuda.templates.images import (
    pixel_loader,
    tap_loader,
    weight_loader,
    window_loader,
)
from treadle.backends.numba_cuda.templates.operands import (
    Matrix,
    Reader,
    left_side,
    matrix_loader,
    right_side,
)
from treadle.backends.numba_cuda.templates.places import LARGEST
from treadle.backends.numba_cuda.templates.planes import filter_tail, plane_tail
from treadle.backends.numba_cuda.templates.simt import Loader, Simt, Stage
from treadle.backends.numba_cuda.templates.store import store_lines
from treadle.backends.numba_cuda.templates.tail import Tail
from treadle.backends.numba_cuda.templates.text import Shape, launch
from treadle.backends.numba_cuda.templates.tiles import LARGE, MEDIUM, Tile, blocks, choose_parts, choose_tile
from treadle.lower.plan import ConvCall, storages


def conv_steps(call: ConvCall, tile: Tile | None = None) -> Steps:
    """The launches that compute a convolution or one of its gradients; `tile` overrides the choice.

    Raises:
        TypeError: for element types other than floats.
    """
    if prod(call.output.shape) == 0:
        return Steps(())
    if tile is None and is_narrow(geometry(call)):
        return _narrow(call, geometry(call))
    make = {"conv": _forward, "conv_input_grad": _input_grad, "conv_filter_grad": _filter_grad}[call.op]
    return make(call, geometry(call), tile)


def _narrow(call: ConvCall, g: Geometry) -> Steps:
    """Groups of few channels, without tiles."""
    if call.op == "conv_filter_grad":
        return Steps((weights_launch(call, g, _index(call)),))
    parts = [forward_windows(g)] if call.op == "conv" else input_grad_windows(g)
    return Steps(tuple(pixels_launch(call, g, windows, _index(call)) for windows in parts))


def _forward(call: ConvCall, g: Geometry, tile: Tile | None) -> Steps:
    windows = forward_windows(g)
    rows, depth = g.group_filters, g.group_channels * g.taps
    chosen = _tile(call, (rows, g.batch * g.pixels, depth), g, tile)
    grid = Grid(chosen, rows, g.batch * g.pixels, depth, g.groups)
    stage = Stage(chosen, element(call.dtype))
    weights = Matrix("w", (rows * depth,), depth, 1, rows, depth, call.inputs[1])
    left = matrix_loader(weights, left_side(stage), stage, _index(call))
    right = window_loader(_reader(call, stage, right=True), "x", windows, g.group_channels, g.groups)
    tail = plane_tail(call, windows, rows, g.groups, _index(call))
    return Steps((_tiles("conv", grid, stage, left, right, tail),))


def _input_grad(call: ConvCall, g: Geometry, tile: Tile | None) -> Steps:
    return Steps(tuple(_input_grad_part(call, g, windows, tile) for windows in input_grad_windows(g)))


def _input_grad_part(call: ConvCall, g: Geometry, windows: Windows, tile: Tile | None) -> Launch:
    rows, depth = g.group_channels, g.group_filters * windows.taps
    pixels = g.batch * windows.rows.count * windows.columns.count
    chosen = _tile(call, (rows, pixels, depth), g, tile)
    grid = Grid(chosen, rows, pixels, depth, g.groups)
    stage = Stage(chosen, element(call.dtype))
    left = weight_loader(_reader(call, stage, right=False), g, windows)
    right = window_loader(_reader(call, stage, right=True), "dy", windows, g.group_filters, g.groups)
    tail = plane_tail(call, windows, rows, g.groups, _index(call))
    return _tiles("conv_input_grad", grid, stage, left, right, tail)


def _filter_grad(call: ConvCall, g: Geometry, tile: Tile | None) -> Steps:
    kind, rows, columns = element(call.dtype), g.group_filters, g.group_channels * g.taps
    depth = g.batch * g.pixels
    chosen = _tile(call, (rows, columns, depth), g, tile)
    parts, share = choose_parts(blocks(chosen, rows, columns) * g.groups, depth, chosen.depth)
    grid = Grid(chosen, rows, columns, depth, g.groups, parts, share)
    stage = Stage(chosen, kind)
    left = pixel_loader(_reader(call, stage, right=False), g)
    right = tap_loader(_reader(call, stage, right=True), g)
    final = filter_tail(call, rows, columns)
    if parts == 1:
        return Steps((_tiles("conv_filter_grad", grid, stage, left, right, final),))
    partial = partial_tail(kind, g.groups, columns)
    first = _tiles("conv_filter_grad", grid, stage, left, right, partial)
    second = combine_launch(kind, g.groups, rows, columns, parts, final)
    return Steps((first, second), parts * g.groups * rows * columns * kind.bytes)


def _tiles(name: str, grid: Grid, stage: Stage, left: Loader, right: Loader, tail: Tail) -> Launch:
    product = Simt(stage.tile, stage.element, left, right)
    params = [*left.params, *right.params, *tail.params, *grid.params]
    body = [*grid.lines(), *product.main_loop(), *store_lines(product, tail)]
    shape = Shape(grid.blocks, stage.tile.threads, stage.tile.resident)
    return launch(f"{name}_{stage.element.pointer}", params, body, shape)


def _tile(call: ConvCall, sizes: tuple[int, int, int], g: Geometry, wanted: Tile | None) -> Tile:
    """The tile that is wanted, or the one that the sizes suggest."""
    if wanted is not None:
        return wanted
    chosen = choose_tile(*sizes, g.groups, double=element(call.dtype).width == 2)
    gathers_columns = call.op == "conv_filter_grad"  # each of a thread's reads then needs three registers
    chosen = MEDIUM if chosen is LARGE and gathers_columns else chosen
    wide = _index(call) == "int64"  # 64-bit indices take more registers than the usual share
    return replace(chosen, resident=max(1, chosen.resident // 2)) if wide else chosen


def _reader(call: ConvCall, stage: Stage, *, right: bool) -> Reader:
    """How a gathered operand's tile is shared among threads, an element at a time."""
    side = right_side(stage) if right else left_side(stage)
    return Reader(side, stage.element, 1, _index(call), stage.tile.depth, stage.tile.threads)


def _index(call: ConvCall) -> str:
    reads, writes = storages(call)
    return "int32" if all(s.buffer.elements <= LARGEST for s in reads + writes) else "int64"
