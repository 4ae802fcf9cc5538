"""Rules on reductions: nested ones become one, factors and signs leave sums, views before sums go.

Part of the `algebra` pass. Input: reductions of floats (integers wrap around in the same way). Non-goals:
matmul.
"""

from __future__ import annotations

from treadle.ir import Builder, Node
from treadle.passes.bodies import table
from treadle.passes.patterns import all_axes_but, reshaped


def merge_reductions(g: Builder, node: Node) -> Node | None:
    """sum(sum(x)) = sum(x) over the axes of both; so for max, min and prod."""
    inner = node.inputs[0]
    if inner.op != node.op:
        return None
    source = inner.inputs[0]
    left = tuple(range(source.type.rank)) if inner.attrs["keepdims"] else None
    remaining = left or all_axes_but(source.type.rank, inner.attrs["axes"])
    outer = {remaining[axis] for axis in node.attrs["axes"]}
    axes = tuple(sorted(outer | set(inner.attrs["axes"])))
    if node.attrs["keepdims"] and not inner.attrs["keepdims"]:
        return reshaped(g, g.apply(node.op, source, axes=axes, keepdims=False), node.type.shape)
    merged = g.apply(node.op, source, axes=axes, keepdims=node.attrs["keepdims"])
    return reshaped(g, merged, node.type.shape)


def factor_out_of_sum(g: Builder, node: Node) -> Node | None:
    """sum(x * s) = sum(x) * s for a factor or divisor without axes."""
    product = node.inputs[0]
    if product.op not in {"mul", "div"}:
        return None
    x, s = product.inputs
    if s.type.rank and product.op == "mul":
        x, s = s, x
    if s.type.rank or not x.type.rank or x.type.dtype != product.type.dtype:
        return None
    return g.apply(product.op, g.sum(x, **node.attrs), s)


def sign_out_of_sum(g: Builder, node: Node) -> Node | None:
    """sum(-x) = -sum(x)."""
    inner = node.inputs[0]
    return g.neg(g.sum(inner.inputs[0], **node.attrs)) if inner.op == "neg" else None


def reduction_of_transpose(g: Builder, node: Node) -> Node | None:
    """sum(transpose(x)) = transpose(sum(x)), over the axes where they were."""
    inner = node.inputs[0]
    if inner.op != "transpose":
        return None
    perm = inner.attrs["perm"]
    axes = tuple(sorted(perm[axis] for axis in node.attrs["axes"]))
    reduced = g.apply(node.op, inner.inputs[0], axes=axes, keepdims=node.attrs["keepdims"])
    if node.attrs["keepdims"]:
        return g.transpose(reduced, perm=perm)
    kept = [perm[axis] for axis in all_axes_but(len(perm), node.attrs["axes"])]
    return g.transpose(reduced, perm=tuple(sorted(kept).index(axis) for axis in kept))


def reduction_of_reshape(g: Builder, node: Node) -> Node | None:
    """A reduction over all elements does not care for their shape; axes of size 1 put in or taken out do not
    matter.
    """
    inner = node.inputs[0]
    if inner.op != "reshape":
        return None
    source = inner.inputs[0]
    if len(node.attrs["axes"]) == inner.type.rank:
        whole = g.apply(node.op, source, axes=tuple(range(source.type.rank)), keepdims=False)
        return reshaped(g, whole, node.type.shape)
    axes = _same_axes(source, inner, node.attrs["axes"])
    if not axes:
        return None
    return reshaped(g, g.apply(node.op, source, axes=axes, keepdims=False), node.type.shape)


def sum_of_scattered(g: Builder, node: Node) -> Node | None:
    """sum(scatter_add_along(u, i)) over the scattered axis is sum(u): each update lands somewhere."""
    inner = node.inputs[0]
    if inner.op != "scatter_add_along" or inner.attrs["axis"] not in node.attrs["axes"]:
        return None
    return g.sum(inner.inputs[0], **node.attrs)


def _same_axes(before: Node, after: Node, axes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The axes of `before` that are `axes` of `after`, if the two differ by axes of size 1 only."""
    long_before = [axis for axis, size in enumerate(before.type.shape) if size != 1]
    long_after = [axis for axis, size in enumerate(after.type.shape) if size != 1]
    if [before.type.shape[a] for a in long_before] != [after.type.shape[a] for a in long_after]:
        return None
    return tuple(long_before[long_after.index(axis)] for axis in axes if axis in long_after)


REDUCTIONS = ("sum", "max", "min", "prod")

SUM_RULES = table(
    (REDUCTIONS, merge_reductions),
    ("sum", factor_out_of_sum),
    ("sum", sign_out_of_sum),
    (REDUCTIONS, reduction_of_transpose),
    (REDUCTIONS, reduction_of_reshape),
    ("sum", sum_of_scattered),
)
