"""Element rules of reads at positions that come from memory."""

from __future__ import annotations

from treadle.ir import Node
from treadle.loops import Expr, Index
from treadle.lower.access import SCALAR
from treadle.lower.emitter import Emitter, Indices, rule
from treadle.types import DType


@rule("take")
def _take(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    x, places = node.inputs
    axis, rank = node.attrs["axis"], places.type.rank
    place = clamped(emitter, emitter.value(places, indices[axis : axis + rank]), x.type.static_shape()[axis])
    return emitter.value(x, (*indices[:axis], place, *indices[axis + rank :]))


@rule("take_along")
def _take_along(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    x, places = node.inputs
    axis = node.attrs["axis"]
    place = clamped(emitter, emitter.value(places, indices), x.type.static_shape()[axis])
    return emitter.value(x, (*indices[:axis], place, *indices[axis + 1 :]))


def clamped(emitter: Emitter, place: Expr, size: int) -> Index:
    """An index read from memory, kept inside its axis."""
    wide = SCALAR.cast(place, DType.I64)
    inside = SCALAR.minimum(SCALAR.maximum(wide, 0), size - 1)
    return emitter.as_index(inside, (0, size - 1))
