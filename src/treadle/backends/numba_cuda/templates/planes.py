"""Where the results of convolutions and the operands of their epilogue lie, as text.

Input: a `ConvCall`. Output: a `Tail` over the variables z (group), row (filter or channel of the group) and
column (image and pixel, or channel and tap)."""

from __future__ import annotations

from treadle.backends.numba_cuda.kernel import Pointer
from treadle.backends.numba_cuda.templates.elements import element
from treadle.backends.numba_cuda.templates.geometry import Windows
from treadle.backends.numba_cuda.templates.tail import Place, Tail, plain_tail
from treadle.backends.numba_cuda.templates.text import Param, divided, divisors, numbers
from treadle.lower.plan import ConvCall

_OUTPUTS = {"conv": "y", "conv_input_grad": "dx", "conv_filter_grad": "dw"}


def plane_tail(
    call: ConvCall, windows: Windows, rows: int, groups: int, index: str, *, wide: bool = True
) -> Tail:
    """The tail of a result of pixels, [batch, groups * rows, height, width]."""
    kind, work = element(call.dtype), call.epilogue
    pixels = windows.rows.count * windows.columns.count
    is_whole = windows.rows.place_step == windows.columns.place_step == 1
    run = kind.width if wide and is_whole and _is_aligned(call, pixels, kind.width) else 1
    place = f"{index}(plane + row * plane_size)"
    names = [_OUTPUTS[call.op], *(f"out{i}" for i in range(1, len(work.outputs) + 1))]
    sizes = [
        *divisors(plane_pixels=pixels, plane_columns=windows.columns.count),
        *numbers(plane_rows=rows, plane_all=rows * groups, **_sizes(windows)),
    ]
    outputs = tuple(Place(name, (_pointer(name, kind.pointer),), place, True) for name in names)
    first = Place(names[0], (*outputs[0].params, *sizes), place, True)
    at = {"scalar": "int32(0)", "row": "int32(z * plane_rows + row)", "full": place}
    operands = tuple(
        Place(o.name, (_pointer(o.name, kind.pointer),), at[o.kind], o.kind == "full") for o in work.operands
    )
    return Tail(kind, work, (first, *outputs[1:]), operands, run, tuple(_setup(index)))


def filter_tail(call: ConvCall, rows: int, columns: int, *, wide: bool = True) -> Tail:
    """The tail of the gradient in the weights, [groups, rows, columns]."""
    kind = element(call.dtype)
    run = kind.width if wide and _is_aligned(call, columns, kind.width) else 1
    params = (_pointer("dw", kind.pointer), *numbers(dw_rows=rows))
    return plain_tail(kind, Place("dw", params, "int32((z * dw_rows + row) * n + column)", True), run)


def _is_aligned(call: ConvCall, extent: int, width: int) -> bool:
    """Whether runs of elements that divide `extent` begin at multiples of 16 bytes."""
    outputs = [call.output, *call.epilogue.outputs]
    tensors = outputs + [o.storage for o in call.epilogue.operands if o.kind == "full"]
    steps = [extent, *(s.offset for s in tensors), *(step for s in tensors for _, step in s.moves)]
    return all(step % width == 0 for step in steps)


def _sizes(windows: Windows) -> dict[str, int]:
    rows, columns = windows.rows, windows.columns
    return {
        "plane_size": rows.extent * columns.extent,
        "plane_width": columns.extent,
        "plane_step": rows.place_step,
        "plane_step_across": columns.place_step,
        "plane_top": rows.place,
        "plane_left": columns.place,
    }


def _setup(index: str) -> list[str]:
    """Lines for the place of a thread's column in the plane of row 0."""
    return [
        *divided(("image", "pixel"), "column", "plane_pixels"),
        *divided(("plane_row", "plane_column"), "pixel", "plane_columns"),
        "plane_row = int32(plane_row * plane_step + plane_top)",
        "plane_column = int32(plane_column * plane_step_across + plane_left)",
        f"plane = {index}((image * plane_all + z * plane_rows) * plane_size)",
        f"plane = {index}(plane + plane_row * plane_width + plane_column)",
    ]


def _pointer(name: str, pointer: str) -> Param:
    return Param(f"p_{name}", f"{pointer}*", Pointer(name))
