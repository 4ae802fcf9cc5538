"""Element rules of random draws: functions of a key, a stream and the number of the element."""

from __future__ import annotations

from treadle.ir import Node
from treadle.loops import Call, Expr, Index, Position
from treadle.loops.index import dot
from treadle.lower.emitter import Emitter, Indices, rule
from treadle.lower.storage import contiguous_strides
from treadle.types import DType


@rule("random_uniform", "random_normal")
def _random(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    (key,) = node.inputs
    words = [emitter.value(key, (Index(half),)) for half in (0, 1)]
    counter = Position(dot(indices, contiguous_strides(node.type.static_shape())))
    stream = Position(Index(node.attrs["stream"]))
    return Call(node.op, (*words, stream, counter), node.type.dtype)


@rule("fold_in")
def _fold_in(emitter: Emitter, node: Node, indices: Indices) -> Expr:
    key, data = node.inputs
    words = [emitter.value(key, (Index(half),)) for half in (0, 1)]
    return Call("fold_in", (*words, emitter.value(data, ()), Position(indices[0])), DType.I64)
