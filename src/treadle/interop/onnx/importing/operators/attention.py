"""Operators: attention, and what goes with it."""

from __future__ import annotations

from typing import Any

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import operator
from treadle.interop.onnx.importing.terms import Term, call
from treadle.types import DimLike, DType

_STEPS = 4  # results of `grouped_attention` besides y


@operator("Attention")
def attention(node: Node) -> list[Term | None]:
    """Y, the keys and values so far, and a step on the way to Y."""
    q, k, v = (_heads(node, index) for index in range(3))
    flat = node.rank(0) == 3
    if node.has(4):
        k = node.let(call("concat", node[4], k, axis=2))
        v = node.let(call("concat", node[5], v, axis=2))
    bias = _bias(node, node.type_of(q).shape[2], node.type_of(k).shape[2])
    mode = node.int("qk_matmul_output_mode", 0)
    y, *steps = node.unpack(_grouped(node, q, k, v, bias), 1 + _STEPS)
    return [call("merge_heads", y) if flat else y, k, v, steps[mode]]


def _grouped(node: Node, q: Term, k: Term, v: Term, bias: Term | None) -> Term:
    precision = node.dtype_attribute("softmax_precision") if node.given("softmax_precision") else None
    cap = node.float("softcap", 0.0)
    return call(
        "grouped_attention",
        q,
        k,
        v,
        bias=bias,
        scale=node.float("scale", None),
        cap=cap or None,
        precision=None if precision is node.dtype(0) else precision,
    )


def _heads(node: Node, index: int) -> Term:
    """[N, T, heads d] as [N, heads, T, d]; four axes stay."""
    if node.rank(index) == 4:
        return node[index]
    return node.let(call("split_heads", node[index], node.int("kv_num_heads" if index else "q_num_heads")))


def _bias(node: Node, queries: DimLike, keys: DimLike) -> Term | None:
    """What is added to the scores: the mask, the reach to both sides, and the lengths of the keys."""
    left, right = node.int("left_window_size", -1), node.int("right_window_size", -1)
    left = None if left < 0 else left
    right = None if right < 0 else right
    if node.flag("is_causal"):
        right = 0
    parts = [_mask(node, keys)] if node.has(3) else []
    if left is not None or right is not None:
        near = call("near_keys", queries, keys, left=left, right=right, offset=_offset(node, queries))
        parts.append(_barred(node, near))
    if node.has(6):
        there = call("length_mask", node[6], keys)
        parts.append(_barred(node, call("reshape", there, [node.shape(6)[0], 1, 1, keys])))
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return node.let(total, "bias")


def _offset(node: Node, queries: DimLike) -> Any:
    """The position of the first query among the keys; None for 0."""
    if node.has(4):
        return node.shape(4)[2]
    return node[6] - queries if node.has(6) else None


def _barred(node: Node, allowed: Term) -> Term:
    return call("barred", allowed, None if node.dtype(0) is DType.F32 else node.dtype(0))


def _mask(node: Node, keys: DimLike) -> Term:
    """The mask as what is added; keys beyond it are barred."""
    mask, given = node[3], node.shape(3)[-1]
    if node.dtype(3) is DType.BOOL:
        mask = _barred(node, mask)
    if given == keys:
        return mask
    return call("pad", mask, [0], [keys - given], axis=[-1], value=float("-inf"))


@operator("RotaryEmbedding")
def rotary_embedding(node: Node) -> Term:
    """Pairs of features turned by the angles of their positions."""
    flat = node.rank(0) == 3
    x = node.let(call("split_heads", node[0], node.int("num_heads"))) if flat else node[0]
    width = node.type_of(x).shape[-1]
    turned = node.int("rotary_embedding_dim", 0) or width
    cos, sin = (_angles(node, index) for index in (1, 2))
    head = x if turned == width else x[..., :turned]
    y = call("turn_pairs", head, cos, sin, interleaved=True if node.flag("interleaved") else None)
    if turned != width:
        y = call("concat", y, x[..., turned:], axis=-1)
    return call("merge_heads", y) if flat else y


def _angles(node: Node, index: int) -> Term:
    """Cosines or sines as [N, 1, T, half], beside the heads."""
    table = call("take", node[index], node[3], axis=0) if node.has(3) else node[index]
    return call("expand_dims", table, 1)


@operator("LinearAttention")
def linear_attention(node: Node) -> list[Term]:
    """Attention by a state; the state at the end."""
    heads, groups = node.int("q_num_heads"), node.int("kv_num_heads")
    q = _wide(node, 0, heads)
    k, v = (_wide(node, index, groups) for index in (1, 2))
    width = node.type_of(q).shape[-1]
    start = _state(node, groups, width, node.type_of(v).shape[-1])
    decay = _wide(node, 4, groups) if node.has(4) else None
    beta = call("cast", call("expand_dims", node[5], -1), DType.F32) if node.has(5) else None
    scale = node.float("scale", 0.0) or None
    y, last = node.unpack(call("state_attention", q, k, v, start, decay=decay, beta=beta, scale=scale), 2)
    n, t = node.shape(0)[:2]
    flat = call("reshape", y, [n, t, heads * node.type_of(v).shape[-1]])
    return [_as(node, flat, node.dtype(0)), _as(node, last, node.dtype(3) if node.has(3) else node.dtype(0))]


def _wide(node: Node, index: int, heads: int) -> Term:
    """[N, T, heads d] as [N, T, heads, d], in float32."""
    x = call("unflatten", node[index], -1, [heads, node.shape(index)[-1] // heads])
    return node.let(x if node.dtype(index) is DType.F32 else call("cast", x, DType.F32))


def _state(node: Node, heads: int, keys: DimLike, values: DimLike) -> Term:
    if node.has(3):
        return node[3] if node.dtype(3) is DType.F32 else call("cast", node[3], DType.F32)
    return call("full", [node.shape(0)[0], heads, keys, values], 0)


def _as(node: Node, x: Term, dtype: DType) -> Term:
    return x if node.type_of(x).dtype is dtype else call("cast", x, dtype)


@operator("TensorScatter")
def tensor_scatter(node: Node) -> Term:
    """A memory with new parts from given places on along an axis."""
    axis = node.int("axis", -2) % node.rank(0)
    size, count = node.shape(0)[axis], node.shape(1)[axis]
    places = call("positions", count)
    places = call("reshape", places, [-1] + [1] * (node.rank(1) - 1 - axis))
    if node.has(2):
        places = places + call("reshape", node[2], [-1] + [1] * (node.rank(1) - 1))
    if node.text("mode", "linear") == "circular":
        places = places % size
    return call("scatter", node[0], call("broadcast_to", places, list(node.shape(1))), node[1], axis=axis)
