"""Reading and adding by index, each the adjoint of the other. Indices out of range are clamped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, Infer, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_axis, need_int, need_number, need_positive
from treadle.types import TensorType

_INT_SECOND = ("f64", "i64")


def _infer_take(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x, indices), axis = types, attrs["axis"]
    need_int("take", indices, 1)
    need_axis("take", x, axis)
    return x.with_shape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def infer_scatter(name: str) -> Infer:
    """The rule of ops that send `updates[..., i, ...]` to position `indices[i]` of an axis of `size`."""

    def infer(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
        (updates, indices), axis = types, attrs["axis"]
        need_number(name, updates)
        need_int(name, indices, 1)
        need_positive(name, "size", (attrs["size"],), 0)
        end = axis + indices.rank
        if updates.shape[axis:end] != indices.shape:
            message = (
                f"{name} along axis {axis}: {updates} does not hold one entry for each index of {indices}"
            )
            raise TypeRuleError("E0201", message, (0, 1))
        return updates.with_shape((*updates.shape[:axis], attrs["size"], *updates.shape[end:]))

    return infer


def _infer_take_along(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x, indices), axis = types, attrs["axis"]
    _check_along("take_along", x, indices, axis)
    return x.with_shape(indices.shape)


def infer_scatter_along(name: str) -> Infer:
    """The rule of ops that send each update to the position its own index names along an axis of `size`."""

    def infer(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
        (updates, indices), axis = types, attrs["axis"]
        need_number(name, updates)
        need_positive(name, "size", (attrs["size"],), 0)
        _check_along(name, updates, indices, axis)
        if updates.shape != indices.shape:
            message = f"{name} needs one index for each update: {updates} and {indices}"
            raise TypeRuleError("E0201", message, (0, 1))
        return updates.with_shape((*updates.shape[:axis], attrs["size"], *updates.shape[axis + 1 :]))

    return infer


def _check_along(name: str, x: TensorType, indices: TensorType, axis: int) -> None:
    need_int(name, indices, 1)
    need_axis(name, x, axis)
    if _without(x, axis) != _without(indices, axis) or x.rank != indices.rank:
        message = f"{name} along axis {axis}: {x} and {indices} must agree in all other axes"
        raise TypeRuleError("E0201", message, (0, 1))


def _without(type_: TensorType, axis: int) -> tuple[Any, ...]:
    return (*type_.shape[:axis], *type_.shape[axis + 1 :])


def _scatter_add(updates: Any, indices: Any, axis: int, size: int) -> Any:
    before, after = updates.shape[:axis], updates.shape[axis + indices.ndim :]
    out = np.zeros((size, *before, *after), updates.dtype)
    rows = np.moveaxis(updates.reshape(*before, indices.size, *after), axis, 0)
    np.add.at(out, np.clip(indices.reshape(-1), 0, size - 1), rows)
    return np.moveaxis(out, 0, axis)


def _scatter_add_along(updates: Any, indices: Any, axis: int, size: int) -> Any:
    out = np.zeros((*updates.shape[:axis], size, *updates.shape[axis + 1 :]), updates.dtype)
    where = list(np.indices(updates.shape, sparse=True))
    where[axis] = np.clip(indices, 0, size - 1)
    np.add.at(out, tuple(where), updates)
    return out


def _adjoint_vjp(adjoint: str) -> Any:
    """The gradient of a read adds back; its size is that of the axis read."""

    def vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
        x, indices = node.inputs
        axis = node.attrs["axis"]
        return [getattr(g, adjoint)(grad, indices, axis=axis, size=x.type.shape[axis]), None]

    return vjp


def _read_vjp(read: str) -> Any:
    """The gradient of an addition reads."""
    return lambda g, node, grad: [getattr(g, read)(grad, node.inputs[1], axis=node.attrs["axis"]), None]


REGISTRY.add(
    OpDef(
        "take",
        ("x", "indices"),
        _infer_take,
        "y[..., i, ...] = x[..., indices[i], ...]: the axis is replaced by the axes of the indices.",
        reference=lambda x, indices, axis: np.take(x, indices, axis, mode="clip"),
        vjp=_adjoint_vjp("scatter_add"),
        attrs={"axis": 0},
        samples=(
            Sample(((4, 3), (2, 5)), {"axis": 0}, dtypes=_INT_SECOND),
            Sample(((2, 4), (3,)), {"axis": 1}, dtypes=_INT_SECOND),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "scatter_add",
        ("updates", "indices"),
        infer_scatter("scatter_add"),
        "y[..., indices[i], ...] += updates[..., i, ...] on zeros, axis of `size`: the adjoint of `take`.",
        reference=_scatter_add,
        vjp=_read_vjp("take"),
        attrs={"axis": 0, "size": ...},
        samples=(
            Sample(((2, 5, 3), (2, 5)), {"axis": 0, "size": 4}, dtypes=_INT_SECOND),
            Sample(((2, 3), (3,)), {"axis": 1, "size": 4}, dtypes=_INT_SECOND),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "take_along",
        ("x", "indices"),
        _infer_take_along,
        "y[i, j, k] = x[i, indices[i, j, k], k] for axis 1, likewise for others.",
        reference=lambda x, indices, axis: np.take_along_axis(
            x, np.clip(indices, 0, x.shape[axis] - 1), axis
        ),
        vjp=_adjoint_vjp("scatter_add_along"),
        attrs={"axis": ...},
        samples=(Sample(((2, 4, 3), (2, 5, 3)), {"axis": 1}, dtypes=_INT_SECOND),),
    )
)
REGISTRY.add(
    OpDef(
        "scatter_add_along",
        ("updates", "indices"),
        infer_scatter_along("scatter_add_along"),
        "y[i, indices[i, j, k], k] += updates[i, j, k] for axis 1, on zeros: the adjoint of `take_along`.",
        reference=_scatter_add_along,
        vjp=_read_vjp("take_along"),
        attrs={"axis": ..., "size": ...},
        samples=(Sample(((2, 5, 3), (2, 5, 3)), {"axis": 1, "size": 4}, dtypes=_INT_SECOND),),
    )
)
