"""Loaders for the operands of convolutions: windows of images, and weights in a gradient's order.

Input: the walks of a product over an image. Output: `Loader`s. Terms of the sum are (channel, tap row, tap
column); they are taken apart by multiplications and shifts; everything that does
not depend on the term is computed once per thread.
"""

from __future__ import annotations

from treadle.backends.numba_cuda.kernel import Pointer
from treadle.backends.numba_cuda.templates.geometry import Geometry, Windows
from treadle.backends.numba_cuda.templates.operands import (
    Reader,
    place_rows,
    place_terms,
    row_lanes,
    term_lanes,
)
from treadle.backends.numba_cuda.templates.simt import Loader
from treadle.backends.numba_cuda.templates.text import Param, divided, divisors, numbers, under


def window_loader(reader: Reader, role: str, windows: Windows, channels: int, groups: int) -> Loader:
    """Windows of an image as the right operand: columns are pixels of the result, lanes run along them."""
    rows, columns = windows.rows, windows.columns
    params = [
        *_pointer(reader, role),
        *divisors(b_pixels=rows.count * columns.count, b_columns=columns.count),
        *divisors(b_taps=windows.taps, b_taps_across=columns.taps),
        *numbers(
            b_step=rows.step, b_step_across=columns.step, b_first=rows.first, b_first_across=columns.first
        ),
        *numbers(b_down=rows.tap_step, b_across=columns.tap_step),
        *numbers(b_height=rows.source, b_width=columns.source, b_channels=channels, b_all=channels * groups),
    ]
    setup = [
        *row_lanes(reader),
        *divided(("image", "pixel"), "b_at", "b_pixels"),
        *divided(("row", "column"), "pixel", "b_columns"),
        "b_top = int32(row * b_step + b_first)",
        "b_left = int32(column * b_step_across + b_first_across)",
        f"b_from = {reader.index}((image * b_all + z * b_channels) * (b_height * b_width))",
        f"b_from = {reader.index}(b_from + b_top * b_width + b_left)",
    ]
    fetch = reader.clear()
    for i, term in reader.terms():
        fetch += [f"b_k = {term}", *_tap_of(), *_read_tap(reader, i)]
    return Loader(tuple(params), tuple(setup), tuple(fetch), place_rows(reader))


def _tap_of() -> list[str]:
    """Lines that take the term `b_k` apart."""
    return [
        *divided(("channel", "tap"), "b_k", "b_taps"),
        *divided(("down", "across"), "tap", "b_taps_across"),
        "down = int32(down * b_down)",
        "across = int32(across * b_across)",
    ]


def _read_tap(reader: Reader, read: int) -> list[str]:
    inside = f"{_within('b_top + down', 'b_height')} and {_within('b_left + across', 'b_width')}"
    at = f"{reader.index}(b_from + (channel * b_height + down) * b_width + across)"
    return under(f"if b_k < k_end and {inside}:", [reader.read(read, at)])


def _within(position: str, extent: str) -> str:
    """Whether a position, which may be negative, lies in an image."""
    return f"uint32({position}) < uint32({extent})"


def weight_loader(reader: Reader, g: Geometry, windows: Windows) -> Loader:
    """Weights as the left operand of the gradient in x: rows are channels, terms are (filter, tap)."""
    rows, columns = windows.rows, windows.columns
    width = g.axes[1].kernel
    params = [
        *_pointer(reader, "w"),
        *divisors(a_taps=windows.taps, a_taps_across=columns.taps),
        *numbers(a_channel=g.taps, a_filter=g.group_channels * g.taps, a_filters=g.group_filters),
        *numbers(a_down=rows.weight_step * width, a_across=columns.weight_step),
        *numbers(a_first=rows.weight * width + columns.weight),
    ]
    setup = list(term_lanes(reader))
    for i, row in reader.rows():
        setup += [*row, f"a_from{i} = {reader.index}(z * a_filters * a_filter + a_at * a_channel + a_first)"]
    reads = [
        *divided(("filter", "tap"), "a_k", "a_taps"),
        *divided(("down", "across"), "tap", "a_taps_across"),
        f"a_move = {reader.index}(filter * a_filter + down * a_down + across * a_across)",
        *(reader.read(n, f"{reader.index}(a_from{n} + a_move)") for n in reader.reads),
    ]
    fetch = ["a_k = int32(k0 + a_term)", *reader.clear(), *under("if a_k < k_end:", reads)]
    return Loader(tuple(params), tuple(setup), tuple(fetch), place_terms(reader))


def pixel_loader(reader: Reader, g: Geometry) -> Loader:
    """The gradient of y as the left operand of the gradient in w: rows are filters, terms (image, pixel)."""
    params = [
        *_pointer(reader, "dy"),
        *divisors(a_pixels=g.pixels),
        *numbers(a_filters=g.group_filters, a_all=g.filters),
    ]
    setup = list(term_lanes(reader))
    for i, row in reader.rows():
        setup += [*row, f"a_from{i} = {reader.index}((z * a_filters + a_at) * a_pixels)"]
    reads = [
        *divided(("image", "pixel"), "a_k", "a_pixels"),
        f"a_move = {reader.index}(image * a_all * a_pixels + pixel)",
        *(reader.read(i, f"{reader.index}(a_from{i} + a_move)") for i in reader.reads),
    ]
    fetch = ["a_k = int32(k0 + a_term)", *reader.clear(), *under("if a_k < k_end:", reads)]
    return Loader(tuple(params), tuple(setup), tuple(fetch), place_terms(reader))


def tap_loader(reader: Reader, g: Geometry) -> Loader:
    """Windows of x as the right operand of the gradient in w: columns are (channel, tap), terms are
    pixels."""
    rows, columns = g.axes
    params = [
        *_pointer(reader, "x"),
        *divisors(b_pixels=g.pixels, b_columns=columns.outputs),
        *numbers(b_height=rows.size, b_width=columns.size),
        *numbers(b_step=rows.stride, b_step_across=columns.stride, b_low=rows.low, b_low_across=columns.low),
        *numbers(b_dilation=rows.dilation, b_dilation_across=columns.dilation),
        *divisors(b_taps=g.taps, b_taps_across=columns.kernel),
        *numbers(b_channels=g.group_channels, b_all=g.channels),
    ]
    setup = list(term_lanes(reader))
    for i, row in reader.rows():
        setup += [*row, *_column_of(reader, i)]
    reads = [
        *divided(("image", "pixel"), "b_k", "b_pixels"),
        *divided(("top", "left"), "pixel", "b_columns"),
        "top = int32(top * b_step - b_low)",
        "left = int32(left * b_step_across - b_low_across)",
        f"b_move = {reader.index}(image * b_all * (b_height * b_width) + top * b_width + left)",
    ]
    for i in reader.reads:
        inside = (
            f"uint32(top + b_down{i}) < uint32(b_height) and uint32(left + b_across{i}) < uint32(b_width)"
        )
        reads += under(f"if {inside}:", [reader.read(i, f"{reader.index}(b_from{i} + b_move)")])
    fetch = ["b_k = int32(k0 + b_term)", *reader.clear(), *under("if b_k < k_end:", reads)]
    return Loader(tuple(params), tuple(setup), tuple(fetch), place_terms(reader))


def _column_of(reader: Reader, read: int) -> list[str]:
    """Lines for the channel and the tap of a read's column."""
    place = f"(z * b_channels + channel) * b_height + b_down{read}"
    return [
        *divided(("channel", "tap"), "b_at", "b_taps"),
        *divided(("down", "across"), "tap", "b_taps_across"),
        f"b_down{read} = int32(down * b_dilation)",
        f"b_across{read} = int32(across * b_dilation_across)",
        f"b_from{read} = {reader.index}(({place}) * b_width + b_across{read})",
    ]


def _pointer(reader: Reader, role: str) -> list[Param]:
    return [Param(reader.side.stem, f"{reader.element.pointer}*", Pointer(role))]
