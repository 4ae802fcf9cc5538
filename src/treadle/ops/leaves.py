"""Ops without operands: what enters a graph, and constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_axis, need_length
from treadle.types import DType, Shape, TensorType


def _infer_leaf(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    return TensorType(attrs["dtype"], attrs["shape"])


def _infer_const(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    value, dtype = attrs["value"], attrs["dtype"]
    if dtype.is_int and isinstance(value, float) and not value.is_integer():
        raise TypeRuleError(
            "E0204", f"{value} is no {dtype}", hint="convert the tensor with `cast(..., f32)`"
        )
    return _infer_leaf(types, attrs)


def _infer_table(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    type_ = _infer_leaf(types, attrs)
    need_length("table", "values", attrs["values"], int(np.prod(type_.static_shape(), dtype=np.int64)))
    return type_


def _infer_iota(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    type_ = _infer_leaf(types, attrs)
    need_axis("iota", type_, attrs["axis"])
    return type_


def _const(value: Any, dtype: DType, shape: Shape) -> Any:
    return np.full(shape, value, dtype.numpy_name)


def _table(values: tuple[Any, ...], dtype: DType, shape: Shape) -> Any:
    return np.array(values, dtype.numpy_name).reshape(shape)


def _iota(dtype: DType, shape: tuple[int, ...], axis: int) -> Any:
    column = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return np.broadcast_to(column, shape).astype(dtype.numpy_name)


for _name, _doc in {
    "input": "A value given at each run.",
    "param": "A trainable value that persists between runs.",
    "state": "A value that persists between runs and is not trained.",
}.items():
    REGISTRY.add(
        OpDef(
            _name,
            (),
            _infer_leaf,
            _doc,
            attrs={"name": ..., "dtype": ..., "shape": ...},
            traits=frozenset({"leaf", "nondiff"}),
        )
    )

REGISTRY.add(
    OpDef(
        "const",
        (),
        _infer_const,
        "Every element is `value`, a number or a dimension.",
        reference=_const,
        attrs={"value": ..., "dtype": DType.F32, "shape": ()},
        traits=frozenset({"leaf", "nondiff"}),
        samples=(
            Sample((), {"value": 1.5, "dtype": DType.F64, "shape": (2, 3)}),
            Sample((), {"value": True, "dtype": DType.BOOL, "shape": ()}),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "table",
        (),
        _infer_table,
        "A tensor written out: `values` are its elements, flat, the last axis running fastest.",
        reference=_table,
        attrs={"values": ..., "dtype": ..., "shape": ...},
        traits=frozenset({"leaf", "nondiff"}),
        samples=(Sample((), {"values": (1.0, 2.0, 3.0, 4.0), "dtype": DType.F64, "shape": (2, 2)}),),
    )
)
REGISTRY.add(
    OpDef(
        "iota",
        (),
        _infer_iota,
        "y[..., i, ...] = i along `axis`.",
        reference=_iota,
        attrs={"dtype": DType.I64, "shape": ..., "axis": 0},
        traits=frozenset({"leaf", "nondiff"}),
        samples=(Sample((), {"dtype": DType.I64, "shape": (2, 3), "axis": 1}),),
    )
)
