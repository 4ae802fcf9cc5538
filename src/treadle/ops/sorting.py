"""Order: the positions that sort an axis. Sorted values and the k largest are `take_along` of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample
from treadle.ops.rules import need_axis, need_number
from treadle.types import DType, TensorType


def _infer_argsort(types: Sequence[TensorType], attrs: Attrs) -> TensorType:
    need_number("argsort", types[0])
    need_axis("argsort", types[0], attrs["axis"])
    return TensorType(DType.I64, types[0].shape)


def _argsort(x: Any, axis: int, descending: bool) -> Any:
    if not descending:
        return np.argsort(x, axis, kind="stable").astype(np.int64)
    turned = np.argsort(np.flip(x, axis), axis, kind="stable")
    return (x.shape[axis] - 1 - np.flip(turned, axis)).astype(np.int64)


REGISTRY.add(
    OpDef(
        "argsort",
        ("x",),
        _infer_argsort,
        "The positions along an axis in the order of their elements: take_along(x, argsort(x)) is sorted. "
        "Equal elements keep their order; NaN counts as the largest.",
        reference=_argsort,
        attrs={"axis": ..., "descending": False},
        traits=frozenset({"nondiff"}),
        samples=(
            Sample(((2, 5, 3),), {"axis": 1, "descending": False}),
            Sample(((2, 7),), {"axis": 1, "descending": True}, domain="int"),
            Sample(((4,),), {"axis": 0, "descending": False}, dtypes=("i64",)),
        ),
    )
)
