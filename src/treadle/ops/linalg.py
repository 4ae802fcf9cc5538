"""Matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import broadcast, need_float, same_dtype
from treadle.types import TensorType
from treadle.types.tensor import shape_size


def _infer_matmul(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    a, b = types
    for operand, type_ in enumerate(types):
        need_float("matmul", type_, operand)
        if type_.rank < 2:
            message = f"matmul needs at least 2 axes, but {type_} has {type_.rank}"
            raise TypeRuleError("E0202", message, (operand,))
    dtype = same_dtype("matmul", types)
    if a.shape[-1] != b.shape[-2]:
        message = (
            f"matmul cannot multiply {a} by {b}: the last axis of the left operand is {a.shape[-1]}, "
            f"the last but one of the right operand is {b.shape[-2]}"
        )
        raise TypeRuleError("E0203", message, (0, 1), hint=_matmul_hint(a, b))
    batch = broadcast("matmul", [a.with_shape(a.shape[:-2]), b.with_shape(b.shape[:-2])])
    return TensorType(dtype, (*batch, a.shape[-2], b.shape[-1]))


def _matmul_hint(a: TensorType, b: TensorType) -> str | None:
    if a.shape[-1] == b.shape[-1]:
        return "transpose the right operand"
    if a.shape[-2] == b.shape[-2]:
        return "transpose the left operand"
    return None


def _swap(g: Any, x: Any) -> Any:
    """The transposed matrices."""
    rank = x.type.rank
    return g.transpose(x, perm=(*range(rank - 2), rank - 1, rank - 2))


def _rows(g: Any, x: Any) -> Any:
    """All matrices of a batch under each other, as one."""
    shape = x.type.shape
    return g.reshape(x, shape=(shape_size(shape[:-1]), shape[-1])) if len(shape) > 2 else x


def _matmul_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    a, b = node.inputs
    da = g.matmul(grad, _swap(g, b))
    if b.type.rank == 2:  # one matrix for the whole batch: one long product instead of a sum of small ones
        return [da, g.matmul(_swap(g, _rows(g, a)), _rows(g, grad))]
    return [da, g.matmul(_swap(g, a), grad)]


REGISTRY.add(
    OpDef(
        "matmul",
        ("a", "b"),
        _infer_matmul,
        "c[..., m, n] = sum over k of a[..., m, k] * b[..., k, n]; leading axes broadcast.",
        reference=np.matmul,
        vjp=_matmul_vjp,
        samples=(
            Sample(((2, 3), (3, 4))),
            Sample(((5, 2, 3), (3, 4))),
            Sample(((2, 3), (5, 3, 4))),
            Sample(((5, 1, 2, 3), (2, 3, 4))),
        ),
    )
)
