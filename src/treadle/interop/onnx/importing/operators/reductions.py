"""Sums, products, extrema and means along axes; cumulative ones; positions of extrema."""

from __future__ import annotations

from collections.abc import Callable

from treadle.interop.onnx.importing.node import Node
from treadle.interop.onnx.importing.registry import Translator, operator
from treadle.interop.onnx.importing.terms import Term, call, term
from treadle.types import DType

Reduction = Callable[[Node, Term, list[int], bool], Term]


def reduction(reduce: Reduction, meaning: str) -> Translator:
    """The translator of an operator that reduces axes, and its meaning in words."""

    def translate(node: Node) -> Term:
        axes = reduced_axes(node)
        return node[0] if axes is None else reduce(node, node[0], axes, node.flag("keepdims", True))

    translate.__doc__ = f"{meaning} along axes, or of everything."
    return translate


def reduced_axes(node: Node) -> list[int] | None:
    """The axes that a reduction is over; None for none."""
    axes = node.numbers(1) if node.has(1) else node.ints("axes", None)
    if axes:
        return sorted({int(axis) % node.rank(0) for axis in axes})
    return None if node.flag("noop_with_empty_axes") else list(range(node.rank(0)))


def _plain(function: str) -> Reduction:
    return lambda _node, x, axes, keepdims: call(function, x, axis=axes, keepdims=keepdims)


def _of(function: str, change: Callable[[Term], Term]) -> Reduction:
    return lambda _node, x, axes, keepdims: call(function, change(x), axis=axes, keepdims=keepdims)


def _in_dtype(node: Node, value: Term) -> Term:
    """Roots and logarithms of integers are floats; ONNX keeps the element type."""
    return value if node.dtype(0).is_float else call("cast", value, node.dtype(0))


def _l2(node: Node, x: Term, axes: list[int], keepdims: bool) -> Term:
    return _in_dtype(node, call("sqrt", call("sum", x * x, axis=axes, keepdims=keepdims)))


def _log_sum(node: Node, x: Term, axes: list[int], keepdims: bool) -> Term:
    return _in_dtype(node, call("log", call("sum", x, axis=axes, keepdims=keepdims)))


def _log_sum_exp(node: Node, x: Term, axes: list[int], keepdims: bool) -> Term:
    if 0 in node.shape(0):  # there is no largest element to subtract
        return _in_dtype(node, call("log", call("sum", call("exp", x), axis=axes, keepdims=keepdims)))
    return _in_dtype(node, call("log_sum_exp", x, axis=axes, keepdims=keepdims))


def _mean(node: Node, x: Term, axes: list[int], keepdims: bool) -> Term:
    return _in_dtype(node, call("mean", x, axis=axes, keepdims=keepdims))


def _extreme(function: str, logical: str) -> Reduction:
    def reduce(node: Node, x: Term, axes: list[int], keepdims: bool) -> Term:
        return call(logical if node.dtype(0) is DType.BOOL else function, x, axis=axes, keepdims=keepdims)

    return reduce


_REDUCTIONS: dict[str, tuple[Reduction, str]] = {
    "ReduceSum": (_plain("sum"), "The sum"),
    "ReduceProd": (_plain("prod"), "The product"),
    "ReduceMax": (_extreme("reduce_max", "any"), "The largest element"),
    "ReduceMin": (_extreme("reduce_min", "all"), "The smallest element"),
    "ReduceMean": (_mean, "The mean"),
    "ReduceL1": (_of("sum", lambda x: call("abs", x)), "The sum of absolute values"),
    "ReduceL2": (_l2, "The root of the sum of squares"),
    "ReduceSumSquare": (_of("sum", lambda x: x * x), "The sum of squares"),
    "ReduceLogSum": (_log_sum, "The logarithm of the sum"),
    "ReduceLogSumExp": (_log_sum_exp, "The logarithm of the sum of exponentials, without overflow,"),
}
for _name, (_reduce, _meaning) in _REDUCTIONS.items():
    operator(_name)(reduction(_reduce, _meaning))


@operator("ArgMax")
def argmax(node: Node) -> Term:
    """The position of the largest element along an axis."""
    return _position(node, "argmax")


@operator("ArgMin")
def argmin(node: Node) -> Term:
    """The position of the smallest element along an axis."""
    return _position(node, "argmin")


def _position(node: Node, function: str) -> Term:
    axis, keepdims = node.int("axis", 0), node.flag("keepdims", True)
    if not node.flag("select_last_index"):
        return call(function, node[0], axis=axis, keepdims=keepdims)
    last = term(node.shape(0)[axis] - 1)
    return last - call(function, call("flip", node[0], axis), axis=axis, keepdims=keepdims)


@operator("CumSum")
def cumsum(node: Node) -> Term:
    """Sums of all elements up to each along an axis."""
    axis = int(node.number(1))
    found = call("cumsum", node[0], axis, reverse=node.flag("reverse") or None)
    return _exclusive(node, found, axis, 0) if node.flag("exclusive") else found


@operator("CumProd")
def cumprod(node: Node) -> Term:
    """Products of all elements up to each along an axis."""
    axis = int(node.number(1))
    x = call("flip", node[0], axis) if node.flag("reverse") else node[0]
    whole = not node.dtype(0).is_float
    found = call("cumprod", call("cast", x, DType.F64) if whole else x, axis)
    found = call("cast", found, node.dtype(0)) if whole else found
    found = call("flip", found, axis) if node.flag("reverse") else found
    return _exclusive(node, found, axis, 1) if node.flag("exclusive") else found


def _exclusive(node: Node, found: Term, axis: int, start: int) -> Term:
    """Without the element itself: moved on by one."""
    place = axis % node.rank(0)
    cut = slice(1, None) if node.flag("reverse") else slice(None, -1)
    moved = found[(*[slice(None)] * place, cut)]
    low, high = (0, 1) if node.flag("reverse") else (1, 0)
    return call("pad", moved, low, high, axis=place, value=start)
