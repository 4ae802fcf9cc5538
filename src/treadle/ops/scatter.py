"""Rows added into a tensor, and the largest of what an index sends to the same place.

Sums on zeros are in `gather.py`. Extrema over segments, and assignments (the last update of each place is the
one of the largest position), are made of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.gather import infer_scatter, infer_scatter_along
from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Reference, Sample, TypeRuleError, Vjp
from treadle.ops.rules import need_axis, need_int, need_number, same_dtype
from treadle.types import TensorType

_INT_SECOND = ("f64", "i64")


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _scatter_max(updates: Any, indices: Any, axis: int, size: int) -> Any:
    before, after = updates.shape[:axis], updates.shape[axis + indices.ndim :]
    out = np.full((size, *before, *after), _lowest(updates.dtype), updates.dtype)
    rows = np.moveaxis(updates.reshape(*before, indices.size, *after), axis, 0)
    np.maximum.at(out, np.clip(indices.reshape(-1), 0, size - 1), rows)
    return np.moveaxis(out, 0, axis)


def _scatter_max_along(updates: Any, indices: Any, axis: int, size: int) -> Any:
    shape = (*updates.shape[:axis], size, *updates.shape[axis + 1 :])
    out = np.full(shape, _lowest(updates.dtype), updates.dtype)
    where = list(np.indices(updates.shape, sparse=True))
    where[axis] = np.clip(indices, 0, size - 1)
    np.maximum.at(out, tuple(where), updates)
    return out


def _infer_into(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    base, updates, indices = types
    name, axis = "scatter_add_into", attrs["axis"]
    need_number(name, base)
    need_axis(name, base, axis)
    same_dtype(name, types[:2])
    need_int(name, indices, 2)
    wanted = (*base.shape[:axis], *indices.shape, *base.shape[axis + 1 :])
    if updates.shape != wanted:
        message = (
            f"{name} along axis {axis}: {updates} does not hold a part of {base} for each index of {indices}"
        )
        raise TypeRuleError("E0201", message, (0, 1, 2))
    return base


def _scatter_add_into(base: Any, updates: Any, indices: Any, axis: int) -> Any:
    before, after = base.shape[:axis], base.shape[axis + 1 :]
    out = np.moveaxis(base.copy(), axis, 0)
    rows = np.moveaxis(updates.reshape(*before, indices.size, *after), axis, 0)
    np.add.at(out, np.clip(indices.reshape(-1), 0, base.shape[axis] - 1), rows)
    return np.moveaxis(out, 0, axis)


def _into_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    return [grad, g.take(grad, node.inputs[2], axis=node.attrs["axis"]), None]


def _vjp(read: str, add: str) -> Vjp:
    """All updates that are the largest of their place share its gradient evenly."""

    def vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
        updates, indices = node.inputs
        axis, size = node.attrs["axis"], node.attrs["size"]
        is_largest = g.eq(updates, getattr(g, read)(node, indices, axis=axis))
        hits = g.cast(is_largest, dtype=updates.type.dtype)
        count = g.maximum(getattr(g, add)(hits, indices, axis=axis, size=size), 1.0)
        share = getattr(g, read)(g.div(grad, count), indices, axis=axis)
        return [g.where(is_largest, share, 0.0), None]

    return vjp


def _register(name: str, doc: str, reference: Reference, vjp: Vjp, samples: tuple[Sample, ...]) -> None:
    infer = infer_scatter_along(name) if name.endswith("along") else infer_scatter(name)
    attrs = {"axis": 0 if name == "scatter_max" else ..., "size": ...}
    REGISTRY.add(
        OpDef(
            name,
            ("updates", "indices"),
            infer,
            doc,
            reference=reference,
            vjp=vjp,
            attrs=attrs,
            samples=samples,
        )
    )


_register(
    "scatter_max",
    "y[..., s, ...] = the largest updates[..., i, ...] with indices[i] = s, axis of `size`; -inf (the least "
    "integer) where there is none. Equal ones share the gradient; NaN wins.",
    _scatter_max,
    _vjp("take", "scatter_add"),
    (
        Sample(((2, 5, 3), (2, 5)), {"axis": 0, "size": 4}, dtypes=_INT_SECOND),
        Sample(((2, 3), (3,)), {"axis": 1, "size": 4}, dtypes=("i64", "i64")),
    ),
)
_register(
    "scatter_max_along",
    "y[i, s, k] = the largest updates[i, j, k] with indices[i, j, k] = s for axis 1, else as `scatter_max`.",
    _scatter_max_along,
    _vjp("take_along", "scatter_add_along"),
    (
        Sample(((2, 5, 3), (2, 5, 3)), {"axis": 1, "size": 1}, dtypes=_INT_SECOND),
        Sample(((2, 5), (2, 5)), {"axis": 1, "size": 4}, dtypes=("i64", "i64")),
    ),
)
REGISTRY.add(
    OpDef(
        "scatter_add_into",
        ("base", "updates", "indices"),
        _infer_into,
        "y = base + scatter_add(updates, indices): y[..., indices[i], ...] += updates[..., i, ...]; the "
        "parts that no index names are left untouched.",
        reference=_scatter_add_into,
        vjp=_into_vjp,
        attrs={"axis": 0},
        samples=(
            Sample(((4, 3), (2, 5, 3), (2, 5)), {"axis": 0}, dtypes=("f64", *_INT_SECOND)),
            Sample(((2, 4), (2, 3), (3,)), {"axis": 1}, dtypes=("f64", *_INT_SECOND)),
        ),
    )
)
