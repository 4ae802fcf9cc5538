"""Systems of linear equations, determinants and eigenvectors of small matrices.

One Gaussian elimination with partial pivoting serves `solve` and `det`. Nothing fails at a singular matrix:
solutions are then infinite or NaN, the determinant is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from treadle.ops.opdef import REGISTRY, Attrs, OpDef, Sample, TypeRuleError
from treadle.ops.rules import need_float, same_dtype
from treadle.types import DType, TensorType

NEARLY_EQUAL = {DType.F64: 1e-11}  # eigenvalues this close, relative to the largest, count as one
NEARLY_EQUAL_SHORT = 1e-5  # for all narrower floats


def _need_square(name: str, type_: TensorType) -> None:
    need_float(name, type_)
    if type_.rank < 2:
        message = f"{name} needs square matrices in the last two axes, but {type_} has {type_.rank} axes"
        raise TypeRuleError("E0202", message, (0,))
    if type_.shape[-1] != type_.shape[-2]:
        message = (
            f"{name} needs square matrices, but those of {type_} are {type_.shape[-2]} by {type_.shape[-1]}"
        )
        raise TypeRuleError("E0203", message, (0,))


def _infer_solve(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    a, b = types
    _need_square("solve", a)
    same_dtype("solve", types)
    if b.rank != a.rank or b.shape[:-1] != a.shape[:-1]:
        message = f"solve: the right side {b} does not have the rows of the matrices {a}"
        raise TypeRuleError("E0203", message, (0, 1))
    return b


def _infer_det(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    _need_square("det", types[0])
    return types[0].with_shape(types[0].shape[:-2])


def _infer_eigenvectors(types: Sequence[TensorType], attrs: Attrs) -> TensorType:  # noqa: ARG001 - one signature for all
    _need_square("eigenvectors", types[0])
    return types[0]


def _eliminate(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """The upper triangle of each matrix, the right sides treated alike, and the sign of the row exchanges."""
    a, b, batch = a.copy(), b.copy(), np.arange(len(a))
    sign = np.ones(len(a), a.dtype)
    for p in range(a.shape[-1]):
        best = p + np.argmax(np.abs(a[:, p:, p]), axis=1)
        sign = np.where(best == p, sign, -sign)
        for matrix in (a, b):
            matrix[batch, p], matrix[batch, best] = matrix[batch, best], matrix[batch, p]
        pivot = a[:, p : p + 1, p]
        factor = np.where(pivot == 0, 0, a[:, p + 1 :, p] / pivot)[:, :, None]
        a[:, p + 1 :] -= factor * a[:, p : p + 1]
        b[:, p + 1 :] -= factor * b[:, p : p + 1]
    return a, b, sign


def _solve(a: Any, b: Any) -> Any:
    n, k = b.shape[-2:]
    with np.errstate(all="ignore"):
        count = prod(b.shape[:-2])
        upper, x, _ = _eliminate(a.reshape(count, n, n), b.reshape(count, n, k))
        for p in reversed(range(n)):
            rest = np.einsum("bj,bjk->bk", upper[:, p, p + 1 :], x[:, p + 1 :])
            x[:, p] = (x[:, p] - rest) / upper[:, p, p][:, None]
    return x.reshape(b.shape)


def _det(a: Any) -> Any:
    count, n = prod(a.shape[:-2]), a.shape[-1]
    with np.errstate(all="ignore"):
        upper, _, sign = _eliminate(a.reshape(count, n, n), np.zeros((count, n, 0), a.dtype))
    return (sign * np.prod(np.einsum("bii->bi", upper), axis=1)).astype(a.dtype).reshape(a.shape[:-2])


def _eigenvectors(a: Any) -> Any:
    vectors = np.linalg.eigh((a + np.swapaxes(a, -1, -2)) / 2)[1]
    size = np.abs(vectors)
    first = np.argmax(size >= size.max(-2, keepdims=True) / 2, axis=-2, keepdims=True)
    lead = np.take_along_axis(vectors, first, -2)
    return np.where(lead < 0, -vectors, vectors)


def _transposed(g: Any, x: Any) -> Any:
    rank = x.type.rank
    return g.transpose(x, perm=(*range(rank - 2), rank - 1, rank - 2))


def _solve_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    db = g.solve(_transposed(g, node.inputs[0]), grad)
    return [g.neg(g.matmul(db, _transposed(g, node))), db]


def _det_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    """det(a) inv(a)^T; NaN at singular matrices."""
    (a,) = node.inputs
    shape = (*node.type.shape, 1, 1)
    inverse = g.solve(_transposed(g, a), _identity(g, a))
    return [g.mul(g.reshape(g.mul(grad, node), shape=shape), inverse)]


def _identity(g: Any, like: Any) -> Any:
    shape, rank = like.type.shape, like.type.rank
    rows, columns = (g.iota(dtype=DType.I64, shape=shape, axis=axis) for axis in (rank - 2, rank - 1))
    return g.cast(g.eq(rows, columns), dtype=like.type.dtype)


def _eigenvectors_vjp(g: Any, node: Any, grad: Any) -> Sequence[Any]:
    """v (f * (v^T dv)) v^T with f_ij = 1 / (e_j - e_i), 0 for equal eigenvalues; its symmetric part."""
    (a,) = node.inputs
    shape, rank = a.type.shape, a.type.rank
    symmetric = g.mul(g.add(a, _transposed(g, a)), 0.5)
    values = g.sum(g.mul(node, g.matmul(symmetric, node)), axes=(rank - 2,), keepdims=False)
    row = g.reshape(values, shape=(*shape[:-2], 1, shape[-1]))
    gap = g.sub(row, g.reshape(values, shape=(*shape[:-1], 1)))
    largest = g.max(g.abs(row), axes=(rank - 1,), keepdims=True)
    limit = g.mul(g.stop_grad(largest), NEARLY_EQUAL.get(a.type.dtype, NEARLY_EQUAL_SHORT))
    is_apart = g.gt(g.abs(gap), limit)
    factor = g.where(is_apart, g.reciprocal(g.where(is_apart, gap, 1.0)), 0.0)
    inner = g.mul(factor, g.matmul(_transposed(g, node), grad))
    full = g.matmul(g.matmul(node, inner), _transposed(g, node))
    return [g.mul(g.add(full, _transposed(g, full)), 0.5)]


REGISTRY.add(
    OpDef(
        "solve",
        ("a", "b"),
        _infer_solve,
        "x with a x = b for square matrices a[..., n, n] and b[..., n, k], by elimination with partial "
        "pivoting; infinite or NaN where a is singular.",
        reference=_solve,
        vjp=_solve_vjp,
        samples=(
            Sample(((3, 3), (3, 2)), domain="regular"),
            Sample(((2, 4, 4), (2, 4, 1)), domain="regular"),
            Sample(((1, 1), (1, 3)), domain="regular"),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "det",
        ("a",),
        _infer_det,
        "y = the determinant of square matrices a[..., n, n]. Its gradient needs them regular.",
        reference=_det,
        vjp=_det_vjp,
        samples=(
            Sample(((3, 3),), domain="regular"),
            Sample(((2, 4, 4),), domain="regular"),
            Sample(((1, 1),), domain="regular"),
        ),
    )
)
REGISTRY.add(
    OpDef(
        "eigenvectors",
        ("a",),
        _infer_eigenvectors,
        "v[..., n, n]: its columns are the unit eigenvectors of the symmetric part of a, by rising "
        "eigenvalue; the first component of at least half the size of the largest is positive. The gradient "
        "passes between different eigenvalues only.",
        reference=_eigenvectors,
        vjp=_eigenvectors_vjp,
        samples=(
            Sample(((3, 3),), domain="regular"),
            Sample(((2, 4, 4),), domain="regular"),
            Sample(((1, 1),), domain="regular"),
        ),
    )
)
