"""Ops at random shapes: sizes of 0 and 1, operands that broadcast, attributes that fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from treadle.ops import OpDef

Draw = Callable[[st.SearchStrategy], Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Variant:
    """Operand shapes, which of them hold indices (below `limit`), and attributes."""

    shapes: tuple[Shape, ...]
    attrs: dict[str, Any]
    integers: frozenset[int] = frozenset()
    limit: int = 1


def variants(op: OpDef) -> st.SearchStrategy[Variant]:
    """The variants of a differentiable op."""
    return st.composite(lambda draw: _make(draw, op))()


def _make(draw: Draw, op: OpDef) -> Variant:
    if op.is_elementwise:
        attrs = dict(draw(st.sampled_from(op.samples)).attrs)
        return Variant(_broadcasting(draw, len(op.signature)), attrs)
    return _MAKERS[op.name](draw)


def _broadcasting(draw: Draw, count: int) -> tuple[Shape, ...]:
    """Shapes that pair: the full one, others with leading axes left out or sizes of 1."""
    full = _shape(draw)
    shapes = [full]
    for _ in range(count - 1):
        kept = full[draw(st.integers(0, len(full))) :]
        shapes.append(tuple(1 if draw(st.booleans()) else size for size in kept))
    return tuple(draw(st.permutations(shapes)))


def _shape(draw: Draw, least: int = 0, rank: int | None = None) -> Shape:
    rank = draw(st.integers(0, 3)) if rank is None else rank
    return tuple(draw(st.integers(least, 3)) for _ in range(rank))


def _reduction(draw: Draw, least: int = 0) -> Variant:
    shape = _shape(draw, least)
    axes = draw(st.sets(st.sampled_from(range(len(shape))))) if shape else ()
    return Variant((shape,), {"axes": tuple(sorted(axes)), "keepdims": draw(st.booleans())})


def _extremum(draw: Draw) -> Variant:
    return _reduction(draw, least=1)


def _axis(draw: Draw, shape: Shape) -> int:
    return draw(st.integers(0, len(shape) - 1))


def _cumsum(draw: Draw) -> Variant:
    shape = _shape(draw, rank=draw(st.integers(1, 3)))
    return Variant((shape,), {"axis": _axis(draw, shape), "reverse": draw(st.booleans())})


def _matmul(draw: Draw) -> Variant:
    m, k, n, batch = _shape(draw, rank=4)
    left, right = draw(st.sampled_from([((), ()), ((batch,), ()), ((), (batch,)), ((batch,), (1,))]))
    return Variant(((*left, m, k), (*right, k, n)), {})


def _reshape(draw: Draw) -> Variant:
    shape = _shape(draw, rank=3)
    return Variant((shape,), {"shape": (shape[0] * shape[1], 1, shape[2])})


def _transpose(draw: Draw) -> Variant:
    shape = _shape(draw)
    return Variant((shape,), {"perm": tuple(draw(st.permutations(range(len(shape)))))})


def _broadcast_to(draw: Draw) -> Variant:
    full = _shape(draw)
    kept = full[draw(st.integers(0, len(full))) :]
    return Variant((tuple(1 if draw(st.booleans()) else size for size in kept),), {"shape": full})


def _slice(draw: Draw) -> Variant:
    shape = _shape(draw)
    starts = tuple(draw(st.integers(0, size)) for size in shape)
    stops = tuple(draw(st.integers(start, size)) for start, size in zip(starts, shape, strict=True))
    steps = tuple(draw(st.integers(1, 2)) for _ in shape)
    return Variant((shape,), {"starts": starts, "stops": stops, "steps": steps})


def _flip(draw: Draw) -> Variant:
    shape = _shape(draw)
    return Variant((shape,), {"axes": tuple(axis for axis in range(len(shape)) if draw(st.booleans()))})


def _pad(draw: Draw) -> Variant:
    shape = _shape(draw)
    low, high = (tuple(draw(st.integers(0, 2)) for _ in shape) for _ in range(2))
    return Variant((shape,), {"low": low, "high": high, "value": 0.5})


def _concat(draw: Draw) -> Variant:
    shape = _shape(draw, rank=2)
    axis = _axis(draw, shape)
    parts = tuple(
        (*shape[:axis], draw(st.integers(0, 3)), *shape[axis + 1 :]) for _ in range(draw(st.integers(1, 3)))
    )
    return Variant(parts, {"axis": axis})


def _take(draw: Draw) -> Variant:
    table, ids = _shape(draw, least=1, rank=2), _shape(draw)
    axis = _axis(draw, table)
    return Variant((table, ids), {"axis": axis}, frozenset({1}), table[axis])


def _scatter_add(draw: Draw) -> Variant:
    table, ids = _shape(draw, least=1, rank=2), _shape(draw)
    axis = _axis(draw, table)
    updates = (*table[:axis], *ids, *table[axis + 1 :])
    return Variant((updates, ids), {"axis": axis, "size": table[axis]}, frozenset({1}), table[axis])


def _take_along(draw: Draw) -> Variant:
    shape = _shape(draw, least=1, rank=2)
    axis = _axis(draw, shape)
    ids = (*shape[:axis], draw(st.integers(0, 3)), *shape[axis + 1 :])
    return Variant((shape, ids), {"axis": axis}, frozenset({1}), shape[axis])


def _scatter_add_along(draw: Draw) -> Variant:
    shape, size = _shape(draw, rank=2), draw(st.integers(1, 3))
    return Variant((shape, shape), {"axis": _axis(draw, shape), "size": size}, frozenset({1}), size)


def _scatter_max(draw: Draw) -> Variant:
    """No place is left without an update: its -inf would have no slope."""
    rows, count = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    return Variant(((rows, count), (count,)), {"axis": 1, "size": 1}, frozenset({1}))


def _scatter_max_along(draw: Draw) -> Variant:
    shape = _shape(draw, least=1, rank=2)
    return Variant((shape, shape), {"axis": _axis(draw, shape), "size": 1}, frozenset({1}))


def _scatter_add_into(draw: Draw) -> Variant:
    added, size = _scatter_add(draw), draw(st.integers(1, 3))
    axis, (updates, ids) = added.attrs["axis"], added.shapes
    after = updates[axis + len(ids) :]
    return Variant(((*updates[:axis], size, *after), updates, ids), {"axis": axis}, frozenset({2}), size)


def _windowing(draw: Draw) -> tuple[Shape, Shape, dict[str, Any]]:
    """A shape, the shape of its windows, and how they are taken along the last axis."""
    size, stride, dilation = (draw(st.integers(1, 2)) for _ in range(3))
    rows, count = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    length = (count - 1) * stride + dilation * (size - 1) + 1
    attrs = {"axes": (1,), "sizes": (size,), "strides": (stride,), "dilations": (dilation,)}
    return (rows, length), (rows, count, size), attrs


def _windows(draw: Draw) -> Variant:
    shape, _, attrs = _windowing(draw)
    return Variant((shape,), attrs)


def _fold_windows(draw: Draw) -> Variant:
    shape, windows, attrs = _windowing(draw)
    return Variant((windows,), {"shape": shape, **attrs})


def _system(draw: Draw, columns: bool) -> tuple[Shape, ...]:
    size, batch = draw(st.integers(1, 3)), draw(st.sampled_from([(), (0,), (1,), (2,)]))
    right = ((*batch, size, draw(st.integers(0, 2))),) if columns else ()
    return ((*batch, size, size), *right)


def _convolution(draw: Draw) -> tuple[Shape, Shape, Shape, dict[str, Any]]:
    """Shapes of x, w and y, and the attributes that all three ops share."""
    batch, groups = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    kernel, stride, dilation, low, high, counts = (
        tuple(draw(st.integers(least, most)) for _ in range(2))
        for least, most in ((1, 2), (1, 2), (1, 2), (0, 1), (0, 1), (1, 2))
    )
    spans = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    image = tuple(
        max((c - 1) * s + span - lo - hi, 1)
        for c, s, span, lo, hi in zip(counts, stride, spans, low, high, strict=True)
    )
    out = tuple(
        (size + lo + hi - span) // s + 1
        for size, lo, hi, span, s in zip(image, low, high, spans, stride, strict=True)
    )
    attrs = {
        "stride": stride,
        "dilation": dilation,
        "groups": groups,
        "padding": tuple(zip(low, high, strict=True)),
    }
    return (batch, groups, *image), (2 * groups, 1, *kernel), (batch, 2 * groups, *out), attrs


def _conv(draw: Draw) -> Variant:
    x, w, _, attrs = _convolution(draw)
    return Variant((x, w), attrs)


def _conv_input_grad(draw: Draw) -> Variant:
    x, w, y, attrs = _convolution(draw)
    return Variant((y, w), {"in_size": x[2:], **attrs})


def _conv_filter_grad(draw: Draw) -> Variant:
    x, w, y, attrs = _convolution(draw)
    return Variant((x, y), {"kernel": w[2:], **attrs})


_MAKERS: dict[str, Callable[[Draw], Variant]] = {
    **dict.fromkeys(("sum", "prod", "mean"), _reduction),
    **dict.fromkeys(("max", "min", "amax", "amin"), _extremum),
    "cumsum": _cumsum,
    "matmul": _matmul,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "slice": _slice,
    "flip": _flip,
    "pad": _pad,
    "concat": _concat,
    "take": _take,
    "scatter_add": _scatter_add,
    "take_along": _take_along,
    "scatter_add_along": _scatter_add_along,
    "scatter_max": _scatter_max,
    "scatter_max_along": _scatter_max_along,
    "scatter_add_into": _scatter_add_into,
    "windows": _windows,
    "fold_windows": _fold_windows,
    "solve": lambda draw: Variant(_system(draw, columns=True), {}),
    "det": lambda draw: Variant(_system(draw, columns=False), {}),
    "eigenvectors": lambda draw: Variant(_system(draw, columns=False), {}),
    "conv": _conv,
    "conv_input_grad": _conv_input_grad,
    "conv_filter_grad": _conv_filter_grad,
}
