"""Ops that move elements or reduce axes, as ONNX nodes: a table from op to what writes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from treadle.interop.onnx.elementwise import Rule
from treadle.interop.onnx.writer import ELEMENT_TYPES, Writer
from treadle.ir import Node
from treadle.types import DimLike

_FROM_THE_END = -(2**63) + 1  # what ONNX takes for "beyond the first element" of a slice that runs backwards
_REDUCTIONS = {"sum": "ReduceSum", "max": "ReduceMax", "min": "ReduceMin", "prod": "ReduceProd"}


def _reshape(writer: Writer, node: Node) -> str:
    shape = writer.shape(node.type.shape)
    return writer.add("Reshape", writer.value(node.inputs[0]), shape, allowzero=1)


def _transpose(writer: Writer, node: Node) -> str:
    return writer.add("Transpose", writer.value(node.inputs[0]), perm=list(node.attrs["perm"]))


def _broadcast_to(writer: Writer, node: Node) -> str:
    return writer.add("Expand", writer.value(node.inputs[0]), writer.shape(node.type.shape))


def _slice(writer: Writer, node: Node) -> str:
    axes = writer.ints(range(node.type.rank))
    ends = (writer.shape(node.attrs[name]) for name in ("starts", "stops"))
    return str(
        writer.add("Slice", writer.value(node.inputs[0]), *ends, axes, writer.ints(node.attrs["steps"]))
    )


def _flip(writer: Writer, node: Node) -> str:
    axes = node.attrs["axes"]
    ends = ([-1] * len(axes), [_FROM_THE_END] * len(axes), axes, [-1] * len(axes))
    return writer.add("Slice", writer.value(node.inputs[0]), *map(writer.ints, ends))


def _pad(writer: Writer, node: Node) -> str:
    widths = writer.shape([*node.attrs["low"], *node.attrs["high"]])
    value = writer.scalar(node.attrs["value"], node.type.dtype)
    return writer.add("Pad", writer.value(node.inputs[0]), widths, value)


def _concat(writer: Writer, node: Node) -> str:
    return writer.add("Concat", *map(writer.value, node.inputs), axis=node.attrs["axis"])


def positions(writer: Writer, size: DimLike) -> str:
    """The numbers 0 to size - 1."""
    if isinstance(size, int):
        return writer.constant(np.arange(size))
    end = writer.add("Squeeze", writer.size(size))
    return writer.add("Range", writer.constant(np.array(0)), end, writer.constant(np.array(1)))


def _iota(writer: Writer, node: Node) -> str:
    axis, shape = node.attrs["axis"], node.type.shape
    line = writer.add("Cast", positions(writer, shape[axis]), to=ELEMENT_TYPES[node.type.dtype])
    ends = [1] * len(shape)
    ends[axis] = -1
    return writer.add("Expand", writer.add("Reshape", line, writer.ints(ends)), writer.shape(shape))


def _windows(writer: Writer, node: Node) -> str:
    """Every axis is gathered at [position, tap]; the taps then go to the end, in order."""
    x, rank = writer.value(node.inputs[0]), node.inputs[0].type.rank
    axes, taps = node.attrs["axes"], node.attrs["sizes"]
    for axis in sorted(axes, reverse=True):
        i = axes.index(axis)
        starts = writer.add(
            "Mul", positions(writer, node.type.shape[axis]), writer.ints([node.attrs["strides"][i]])
        )
        steps = writer.constant(np.arange(taps[i]) * node.attrs["dilations"][i])
        places = writer.add("Add", writer.add("Unsqueeze", starts, writer.ints([1])), steps)
        x = writer.add("Gather", x, places, axis=axis)
    return writer.add("Transpose", x, perm=_taps_last(rank, axes))


def _taps_last(rank: int, axes: Sequence[int]) -> list[int]:
    """The permutation that moves the axis behind each of `axes` to the end."""
    place, outer, tap = 0, [], {}
    for axis in range(rank):
        outer.append(place)
        place += 1
        if axis in axes:
            tap[axis] = place
            place += 1
    return outer + [tap[axis] for axis in axes]


def _reduce(writer: Writer, node: Node) -> str:
    (source,) = node.inputs
    if node.op == "max" and _is_max_pool(node, source):
        attributes = {"kernel_shape": "sizes", "strides": "strides", "dilations": "dilations"}
        settings = {name: list(source.attrs[ours]) for name, ours in attributes.items()}
        return writer.add("MaxPool", writer.value(source.inputs[0]), **settings)
    axes = writer.ints(node.attrs["axes"])
    keep = int(node.attrs["keepdims"])
    if not node.attrs["axes"]:
        return writer.add("Identity", writer.value(source))
    return writer.add(_REDUCTIONS[node.op], writer.value(source), axes, keepdims=keep)


def _is_max_pool(node: Node, source: Node) -> bool:
    """Whether a maximum is one over windows of the axes behind the channels, as ONNX knows it."""
    if source.op != "windows" or node.attrs["keepdims"] or not node.type.dtype.is_float:
        return False
    rank, count = source.inputs[0].type.rank, len(source.attrs["axes"])
    behind_channels = tuple(source.attrs["axes"]) == tuple(range(2, rank)) and rank == 2 + count
    return behind_channels and tuple(node.attrs["axes"]) == tuple(range(rank, rank + count))


def _search(writer: Writer, node: Node) -> str:
    kind = "ArgMax" if node.op == "argmax" else "ArgMin"
    return writer.add(kind, writer.value(node.inputs[0]), axis=node.attrs["axis"], keepdims=0)


def _cumsum(writer: Writer, node: Node) -> str:
    axis = writer.constant(np.array(node.attrs["axis"]))
    return writer.add("CumSum", writer.value(node.inputs[0]), axis, reverse=int(node.attrs["reverse"]))


def _take(writer: Writer, node: Node) -> str:
    return writer.add("Gather", *map(writer.value, node.inputs), axis=node.attrs["axis"])


def _take_along(writer: Writer, node: Node) -> str:
    return writer.add("GatherElements", *map(writer.value, node.inputs), axis=node.attrs["axis"])


def _argsort(writer: Writer, node: Node) -> str:
    """All elements are the top ones; equal ones keep their order there too."""
    (x,) = node.inputs
    axis = node.attrs["axis"]
    settings = {"axis": axis, "largest": int(node.attrs["descending"]), "sorted": 1}
    return writer.add_all("TopK", [writer.value(x), writer.size(x.type.shape[axis])], 2, settings)[1]


def _start(writer: Writer, shape: Sequence[DimLike], node: Node) -> str:
    """What a scattering begins with: zeros, or the least number of the element type for a maximum."""
    dtype = node.type.dtype
    least = -np.inf if dtype.is_float else np.iinfo(dtype.numpy_name).min if dtype.is_int else False
    value = least if node.op.startswith("scatter_max") else 0
    return writer.add("Expand", writer.scalar(value, dtype), writer.shape(shape))


def _reduction(node: Node) -> str:
    return "max" if node.op.startswith("scatter_max") else "add"


def _scatter_along(writer: Writer, node: Node) -> str:
    updates, ids = map(writer.value, node.inputs)
    start = _start(writer, node.type.shape, node)
    settings = {"axis": node.attrs["axis"], "reduction": _reduction(node)}
    return writer.add("ScatterElements", start, ids, updates, **settings)


def _scatter(writer: Writer, node: Node) -> str:
    """Rows go to positions of axis 0; another axis is brought there and back."""
    updates, ids = node.inputs
    axis, rank, count = node.attrs["axis"], node.type.rank, ids.type.rank
    rows = writer.value(updates)
    if axis:
        moved = list(range(axis, axis + count))
        others = [i for i in range(updates.type.rank) if i not in moved]
        rows = writer.add("Transpose", rows, perm=moved + others)
    shape = [node.type.shape[axis], *(dim for i, dim in enumerate(node.type.shape) if i != axis)]
    places = writer.add("Unsqueeze", writer.value(ids), writer.ints([-1]))
    total = writer.add("ScatterND", _start(writer, shape, node), places, rows, reduction=_reduction(node))
    if not axis:
        return total
    return writer.add("Transpose", total, perm=[*range(1, axis + 1), 0, *range(axis + 1, rank)])


def _conv(writer: Writer, node: Node) -> str:
    return writer.add("Conv", *map(writer.value, node.inputs), **_geometry(node))


def _conv_input_grad(writer: Writer, node: Node) -> str:
    """A transposed convolution; what the forward one did not reach at the end is padding of the output."""
    dy, w = node.inputs
    settings = _geometry(node)
    extra = []
    for i, size in enumerate(node.attrs["in_size"]):
        low, high = node.attrs["padding"][i]
        reach = node.attrs["dilation"][i] * (w.type.static_shape()[2 + i] - 1) + 1
        extra.append(size - (node.attrs["stride"][i] * (dy.type.shape[2 + i] - 1) + reach - low - high))
    return str(
        writer.add("ConvTranspose", writer.value(dy), writer.value(w), output_padding=extra, **settings)
    )


def _geometry(node: Node) -> dict[str, object]:
    padding = node.attrs["padding"]
    return {
        "strides": list(node.attrs["stride"]),
        "dilations": list(node.attrs["dilation"]),
        "group": node.attrs["groups"],
        "pads": [low for low, _ in padding] + [high for _, high in padding],
    }


RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "slice": _slice,
    "flip": _flip,
    "pad": _pad,
    "concat": _concat,
    "iota": _iota,
    "windows": _windows,
    **dict.fromkeys(_REDUCTIONS, _reduce),
    "argmax": _search,
    "argmin": _search,
    "cumsum": _cumsum,
    "take": _take,
    "take_along": _take_along,
    "argsort": _argsort,
    "scatter_add": _scatter,
    "scatter_add_along": _scatter_along,
    "scatter_max": _scatter,
    "scatter_max_along": _scatter_along,
    "conv": _conv,
    "conv_input_grad": _conv_input_grad,
}
