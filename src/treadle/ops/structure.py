"""Ops that move elements without computing: views, padding, joining."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_axes, need_axis, need_length, need_positive, same_dtype
from treadle.types import DimLike, TensorType, dim_floordiv

_VIEW = frozenset({"view"})


def _infer_reshape(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x,) = types
    new = x.with_shape(attrs["shape"])
    if x.size != new.size:
        message = f"reshape cannot turn {x} ({x.size} elements) into {new} ({new.size} elements)"
        raise TypeRuleError("E0206", message, (0,))
    return new


def _infer_transpose(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x,), perm = types, attrs["perm"]
    need_length("transpose", "the permutation", perm, x.rank)
    need_axes("transpose", x, perm)
    return x.with_shape(tuple(x.shape[axis] for axis in perm))


def _transpose_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    perm = node.attrs["perm"]
    return [g.transpose(grad, perm=tuple(perm.index(axis) for axis in range(len(perm))))]


def _infer_broadcast_to(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x,), shape = types, attrs["shape"]
    fits = x.rank <= len(shape) and all(
        size in (1, new) for size, new in zip(x.shape, shape[len(shape) - x.rank :], strict=True)
    )
    if not fits:
        raise TypeRuleError("E0201", f"broadcast_to cannot turn {x} into {x.with_shape(shape)}", (0,))
    return x.with_shape(shape)


def _infer_slice(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x,) = types
    starts, stops, steps = attrs["starts"], attrs["stops"], attrs["steps"]
    for what in ("starts", "stops", "steps"):
        need_length("slice", what, attrs[what], x.rank)
    need_positive("slice", "the step", steps)
    shape = []
    for axis, (start, stop, step) in enumerate(zip(starts, stops, steps, strict=True)):
        _check_range(x, axis, start, stop)
        shape.append(dim_floordiv(stop - start + step - 1, step))
    return x.with_shape(tuple(shape))


def _check_range(x: TensorType, axis: int, start: DimLike, stop: DimLike) -> None:
    rest = x.shape[axis] - stop
    negative = [d for d in (start, stop - start, rest) if isinstance(d, int) and d < 0]
    if negative:
        message = f"slice from {start} to {stop} does not lie in axis {axis} of {x}"
        raise TypeRuleError("E0211", message, (0,))


def _slice(x: Any, starts: Any, stops: Any, steps: Any) -> Any:
    return x[tuple(map(slice, starts, stops, steps))]


def _slice_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    """Zeros between the elements of a stepped axis come from padding an extra axis of size 1."""
    x = node.inputs[0]
    if 0 in node.type.shape:
        return [None]
    low, high = [], []
    for axis, step in enumerate(node.attrs["steps"]):
        start, size = node.attrs["starts"][axis], node.type.shape[axis]
        if step != 1:
            grad = _spread(g, grad, axis, step)
            size = (size - 1) * step + 1
        low.append(start)
        high.append(x.type.shape[axis] - start - size)
    return [g.pad(grad, low=tuple(low), high=tuple(high))]


def _spread(g: Any, x: Any, axis: int, step: int) -> Any:
    """Puts step - 1 zeros between neighbours along an axis."""
    before, size, after = x.type.shape[:axis], x.type.shape[axis], x.type.shape[axis + 1 :]
    column = g.reshape(x, shape=(*before, size, 1, *after))
    low = (0,) * column.type.rank
    high = (*(0 for _ in before), 0, step - 1, *(0 for _ in after))
    wide = g.reshape(g.pad(column, low=low, high=high), shape=(*before, size * step, *after))
    stops = (*before, (size - 1) * step + 1, *after)
    return g.slice(wide, starts=(0,) * len(stops), stops=stops, steps=(1,) * len(stops))


def _infer_flip(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    need_axes("flip", types[0], attrs["axes"])
    return types[0]


def _infer_pad(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x,), low, high = types, attrs["low"], attrs["high"]
    need_length("pad", "low", low, x.rank)
    need_length("pad", "high", high, x.rank)
    if any(isinstance(width, int) and width < 0 for width in (*low, *high)):
        raise TypeRuleError("E0220", f"pad: widths must not be negative: {low}, {high}")
    return x.with_shape(tuple(a + size + b for a, size, b in zip(low, x.shape, high, strict=True)))


def _pad(x: Any, low: Any, high: Any, value: Any) -> Any:
    widths = list(zip(low, high, strict=True))
    return np.pad(x, widths, constant_values=value) if widths else x


def _pad_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    x, low = node.inputs[0], node.attrs["low"]
    stops = tuple(start + size for start, size in zip(low, x.type.shape, strict=True))
    return [g.slice(grad, starts=low, stops=stops, steps=(1,) * len(low))]


def _infer_concat(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    if not types:
        raise TypeRuleError("E0207", "concat needs at least one part")
    axis, first = attrs["axis"], types[0]
    need_axis("concat", first, axis)
    same_dtype("concat", types)
    total: DimLike = 0
    for index, part in enumerate(types):
        _check_part(first, part, index, axis)
        total = total + part.shape[axis]
    return first.with_shape((*first.shape[:axis], total, *first.shape[axis + 1 :]))


def _check_part(first: TensorType, part: TensorType, index: int, axis: int) -> None:
    same_rank = part.rank == first.rank
    if not same_rank or any(
        a != b for i, (a, b) in enumerate(zip(first.shape, part.shape, strict=True)) if i != axis
    ):
        message = f"concat along axis {axis} cannot join {first} and {part}: their other axes differ"
        raise TypeRuleError("E0207", message, (0, index))


def _concat_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    axis, shape = node.attrs["axis"], node.type.shape
    sizes = [part.type.shape[axis] for part in node.inputs]
    ends = list(accumulate(sizes))
    parts = []
    for size, end in zip(sizes, ends, strict=True):
        starts = tuple(end - size if i == axis else 0 for i in range(len(shape)))
        stops = tuple(end if i == axis else shape[i] for i in range(len(shape)))
        parts.append(g.slice(grad, starts=starts, stops=stops, steps=(1,) * len(shape)))
    return parts


REGISTRY.add(
    OpDef(
        "reshape",
        ("x",),
        _infer_reshape,
        "The same elements in the same order with other axes.",
        reference=lambda x, shape: x.reshape(shape),
        vjp=lambda g, node, grad: [g.reshape(grad, shape=node.inputs[0].type.shape)],
        attrs={"shape": ...},
        traits=_VIEW,
        samples=(Sample(((2, 6),), {"shape": (3, 4)}), Sample(((1,),), {"shape": ()})),
    )
)
REGISTRY.add(
    OpDef(
        "transpose",
        ("x",),
        _infer_transpose,
        "Axis i of the result is axis perm[i] of x.",
        reference=lambda x, perm: x.transpose(perm),
        vjp=_transpose_vjp,
        attrs={"perm": ...},
        traits=_VIEW,
        samples=(Sample(((2, 3, 4),), {"perm": (2, 0, 1)}),),
    )
)
REGISTRY.add(
    OpDef(
        "broadcast_to",
        ("x",),
        _infer_broadcast_to,
        "Repeats axes of size 1 and adds leading axes.",
        reference=np.broadcast_to,
        vjp=lambda g, node, grad: [grad],
        attrs={"shape": ...},
        traits=_VIEW,
        samples=(Sample(((3, 1),), {"shape": (2, 3, 4)}),),
    )
)
REGISTRY.add(
    OpDef(
        "slice",
        ("x",),
        _infer_slice,
        "Elements starts[i], starts[i] + steps[i], ... below stops[i] of each axis i; steps are positive.",
        reference=_slice,
        vjp=_slice_vjp,
        attrs={"starts": ..., "stops": ..., "steps": ...},
        traits=_VIEW,
        samples=(
            Sample(((4, 5),), {"starts": (1, 0), "stops": (3, 4), "steps": (1, 1)}),
            Sample(((4, 8),), {"starts": (0, 1), "stops": (4, 7), "steps": (3, 2)}),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "flip",
        ("x",),
        _infer_flip,
        "Reverses the order along axes.",
        reference=lambda x, axes: np.flip(x, axis=axes),
        vjp=lambda g, node, grad: [g.flip(grad, axes=node.attrs["axes"])],
        attrs={"axes": ...},
        traits=_VIEW,
        samples=(Sample(((2, 3),), {"axes": (1,)}),),
    )
)
REGISTRY.add(
    OpDef(
        "pad",
        ("x",),
        _infer_pad,
        "Adds low[i] elements `value` before and high[i] after each axis i.",
        reference=_pad,
        vjp=_pad_vjp,
        attrs={"low": ..., "high": ..., "value": 0.0},
        samples=(Sample(((2, 3),), {"low": (1, 0), "high": (0, 2), "value": 1.5}),),
    )
)
REGISTRY.add(
    OpDef(
        "concat",
        ("*parts",),
        _infer_concat,
        "Joins parts along an axis; their other axes agree.",
        reference=lambda *parts, axis: np.concatenate(parts, axis),
        vjp=_concat_vjp,
        attrs={"axis": 0},
        samples=(Sample(((2, 3), (2, 1), (2, 2)), {"axis": 1}),),
    )
)
