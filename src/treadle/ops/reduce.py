"""Reductions over axes, positions of extrema, running sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, Infer, OpDef, Reference, Sample, TypeRuleError, Vjp
from treadle.ops.rules import need_axes, need_axis, need_float, need_number
from treadle.types import DType, Shape, TensorType
from treadle.types.tensor import shape_size


def _infer_reduction(name: str) -> Infer:
    def infer(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
        (x,), axes = types, attrs["axes"]
        need_number(name, x)
        need_axes(name, x, axes)
        if tuple(sorted(axes)) != axes:
            raise TypeRuleError("E0220", f"{name}: axes must be in ascending order, not {axes}")
        if attrs["keepdims"]:
            return x.with_shape(_kept_shape(x.shape, axes))
        return x.with_shape(tuple(d for axis, d in enumerate(x.shape) if axis not in axes))

    return infer


def _infer_mean(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    need_float("mean", types[0])
    result = _infer_reduction("mean")(types, attrs)
    assert isinstance(result, TensorType)  # noqa: S101 - a reduction has one result
    return result


def _kept_shape(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape))


def _keep(g: Any, value: Any, node: Any) -> Any:
    """A value of the reduction's shape with the reduced axes back as axes of size 1."""
    return g.reshape(value, shape=_kept_shape(node.inputs[0].type.shape, node.attrs["axes"]))


def _sum_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [_keep(g, grad, node)]


def _count(g: Any, node_type: TensorType, axes: Sequence[int]) -> Any:
    """The number of elements reduced, as a constant; it may be symbolic."""
    size = shape_size(tuple(node_type.shape[axis] for axis in axes))
    return g.const(value=size, dtype=node_type.dtype, shape=())


def _mean_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    count = _count(g, node.inputs[0].type, node.attrs["axes"])
    return [_keep(g, g.div(grad, count), node)]


def _mean_decompose(g: Any, x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return g.div(g.sum(x, axes=axes, keepdims=keepdims), _count(g, x.type, axes))


def _extremum_vjp(position: str) -> Vjp:
    """The first extremum along the reduced axes, taken as one flat axis, gets the whole gradient."""

    def vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
        x, axes = node.inputs[0], node.attrs["axes"]
        if 0 in x.type.shape:
            return [None]
        kept = tuple(axis for axis in range(x.type.rank) if axis not in axes)
        perm = (*kept, *axes)
        outer = tuple(x.type.shape[axis] for axis in kept)
        inner = tuple(x.type.shape[axis] for axis in axes)
        size = shape_size(inner)
        flat = g.reshape(g.transpose(x, perm=perm), shape=(*outer, size))
        best = g.reshape(getattr(g, position)(flat, axis=len(kept)), shape=(*outer, 1))
        places = g.iota(dtype=DType.I64, shape=(*(1 for _ in outer), size), axis=len(kept))
        chosen = g.where(g.eq(places, best), g.reshape(grad, shape=(*outer, 1)), 0.0)
        back = tuple(perm.index(axis) for axis in range(len(perm)))
        return [g.transpose(g.reshape(chosen, shape=(*outer, *inner)), perm=back)]

    return vjp


def _shared_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    """All extrema of a reduction get equal parts of the gradient."""
    x, axes = node.inputs[0], node.attrs["axes"]
    chosen = g.eq(x, _keep(g, node, node))
    count = g.sum(g.where(chosen, 1.0, g.mul(x, 0.0)), axes=axes, keepdims=True)
    return [g.where(chosen, g.div(_keep(g, grad, node), count), 0.0)]


def _prod_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    """The product of the others for each element: exact with zeros and to any order, but quadratic."""
    x, axes = node.inputs[0], node.attrs["axes"]
    kept = tuple(axis for axis in range(x.type.rank) if axis not in axes)
    perm = (*kept, *axes)
    outer = tuple(x.type.shape[axis] for axis in kept)
    inner = tuple(x.type.shape[axis] for axis in axes)
    size, rank = shape_size(inner), len(kept)
    row = g.reshape(g.transpose(x, perm=perm), shape=(*outer, 1, size))
    square = (*(1 for _ in outer), size, size)
    own = g.eq(
        g.iota(dtype=DType.I64, shape=square, axis=rank), g.iota(dtype=DType.I64, shape=square, axis=rank + 1)
    )
    others = g.prod(g.where(own, 1.0, row), axes=(rank + 1,), keepdims=False)
    scaled = g.mul(g.reshape(grad, shape=(*outer, 1)), others)
    back = tuple(perm.index(axis) for axis in range(len(perm)))
    return [g.transpose(g.reshape(scaled, shape=(*outer, *inner)), perm=back)]


def _infer_position(name: str) -> Infer:
    def infer(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
        (x,), axis = types, attrs["axis"]
        need_number(name, x)
        need_axis(name, x, axis)
        if x.shape[axis] == 0:
            raise TypeRuleError("E0220", f"{name}: axis {axis} of {x} is empty, no element is the one", (0,))
        return TensorType(DType.I64, (*x.shape[:axis], *x.shape[axis + 1 :]))

    return infer


def _infer_cumsum(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    need_number("cumsum", types[0])
    need_axis("cumsum", types[0], attrs["axis"])
    return types[0]


def _cumsum(x: Any, axis: int, reverse: bool) -> Any:
    if reverse:
        return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
    return np.cumsum(x, axis, dtype=x.dtype)


def _cumsum_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [g.cumsum(grad, axis=node.attrs["axis"], reverse=not node.attrs["reverse"])]


def _extremum(function: Reference, sign: int) -> Reference:
    """The largest (or, with -1, the smallest) element; over nothing, what all others beat."""

    def run(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
        if x.size:
            return function(x, axis=axis, keepdims=keepdims)
        is_float = x.dtype.kind == "f"
        limits = (-np.inf, np.inf) if is_float else (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
        return function(x, axis=axis, keepdims=keepdims, initial=limits[sign < 0])

    return run


def _mean(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """NaN over nothing, as 0 / 0 is; NumPy would also warn."""
    if x.size:
        return np.mean(x, axis=axis, keepdims=keepdims)
    total = np.sum(x, axis=axis, keepdims=keepdims)
    return np.full_like(total, np.nan)


def _in_dtype(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy reduction that keeps the element type, where NumPy would widen small integers."""
    return lambda x, axes, keepdims: np.asarray(function(x, axis=axes, keepdims=keepdims)).astype(x.dtype)


_REDUCTIONS: tuple[tuple[str, str, Callable[..., Any], Vjp], ...] = (
    ("sum", "y = the sum over axes.", np.sum, _sum_vjp),
    (
        "max",
        "y = the largest over axes (NaN wins); the first of equal ones gets the gradient.",
        _extremum(np.max, 1),
        _extremum_vjp("argmax"),
    ),
    (
        "min",
        "y = the smallest over axes (NaN wins); the first of equal ones gets the gradient.",
        _extremum(np.min, -1),
        _extremum_vjp("argmin"),
    ),
    ("prod", "y = the product over axes.", np.prod, _prod_vjp),
)

for _name, _doc, _function, _vjp in _REDUCTIONS:
    REGISTRY.add(
        OpDef(
            _name,
            ("x",),
            _infer_reduction(_name),
            _doc,
            reference=_in_dtype(_function),
            vjp=_vjp,
            attrs={"axes": ..., "keepdims": False},
            traits=frozenset({"reduction"}),
            samples=(
                Sample(((2, 3, 4),), {"axes": (1,), "keepdims": False}),
                Sample(((2, 3, 4),), {"axes": (0, 2), "keepdims": True}),
                Sample(((3,),), {"axes": (0,), "keepdims": False}),
            ),
        )
    )


for _name, _one, _what in (("amax", "max", "largest"), ("amin", "min", "smallest")):
    REGISTRY.add(
        OpDef(
            _name,
            ("x",),
            _infer_reduction(_name),
            f"y = the {_what} over axes (NaN wins); equal ones share the gradient evenly.",
            reference=REGISTRY[_one].reference,
            vjp=_shared_vjp,
            decompose=lambda g, x, axes, keepdims, one=_one: g.apply(one, x, axes=axes, keepdims=keepdims),
            attrs={"axes": ..., "keepdims": False},
            traits=frozenset({"reduction", "own gradient"}),
            samples=(Sample(((2, 3, 4),), {"axes": (0, 2), "keepdims": False}),),
        )
    )


def _position(sign: int) -> Reference:
    """Where the largest (or, with -1, the smallest) element is."""

    def run(x: Any, axis: int) -> Any:
        ranked = x if x.dtype.kind != "f" else np.where(np.isnan(x), np.inf * sign, x)
        found = np.argmax(ranked, axis) if sign > 0 else np.argmin(ranked, axis)
        return np.asarray(found).astype(np.int64)

    return run


REGISTRY.add(
    OpDef(
        "mean",
        ("x",),
        _infer_mean,
        "y = the mean over axes: their sum divided by the number of elements.",
        reference=_in_dtype(_mean),
        vjp=_mean_vjp,
        decompose=_mean_decompose,
        attrs={"axes": ..., "keepdims": False},
        traits=frozenset({"reduction"}),
        samples=(Sample(((2, 3, 4),), {"axes": (0, 2), "keepdims": False}),),
    )
)

for _name, _doc, _sign in (
    ("argmax", "y = the index of the first largest along an axis; NaN counts as inf.", 1),
    (
        "argmin",
        "y = the index of the first smallest along an axis; NaN counts as -inf.",
        -1,
    ),
):
    REGISTRY.add(
        OpDef(
            _name,
            ("x",),
            _infer_position(_name),
            _doc,
            reference=_position(_sign),
            attrs={"axis": ...},
            traits=frozenset({"reduction", "nondiff"}),
            samples=(Sample(((2, 3, 4),), {"axis": 1}),),
        )
    )

REGISTRY.add(
    OpDef(
        "cumsum",
        ("x",),
        _infer_cumsum,
        "y[i] = x[0] + ... + x[i] along an axis; with `reverse` y[i] = x[i] + ... + x[n-1].",
        reference=_cumsum,
        vjp=_cumsum_vjp,
        attrs={"axis": ..., "reverse": False},
        samples=(
            Sample(((2, 5),), {"axis": 1, "reverse": False}),
            Sample(((2, 5),), {"axis": 0, "reverse": True}),
        ),
    )
)
