"""Linear algebra: systems of equations, determinants, eigenvectors, contracted products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import fail
from treadle.frontend.elaborate import convert
from treadle.frontend.elaborate.builtins.registry import axis, builtin, float_tensor, here, integer
from treadle.frontend.elaborate.values import Tensor, Value
from treadle.types import DType
from treadle.types.tensor import shape_size

if TYPE_CHECKING:
    from treadle.frontend.elaborate.elaborator import Elaborator


def _need_square(el: Elaborator, a: Tensor, name: str) -> None:
    if a.rank < 2 or a.shape[-1] != a.shape[-2]:
        code = "E0202" if a.rank < 2 else "E0203"
        fail(code, f"`{name}` needs square matrices in the last two axes, this is {a.type}", here(el))


@builtin("solve")
def solve(el: Elaborator, a: Value, b: Value) -> Value:
    """The x with a x = b; `b` holds columns, or one vector for each matrix. Batches broadcast."""
    left, right = convert.floats(el, [a, b], here(el))
    _need_square(el, left, "solve")
    is_vector = right.rank == 1 or (right.rank == left.rank - 1 and right.shape == left.shape[:-1])
    if is_vector:
        right = el.op("reshape", right, shape=(*right.shape, 1))
    left, right = _same_batch(el, left, right)
    found = el.op("solve", left, right)
    return el.op("reshape", found, shape=found.shape[:-1]) if is_vector else found


def _same_batch(el: Elaborator, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Both with all axes of the batch; its sizes are the result's of any elementwise op."""
    if left.shape[:-2] == right.shape[:-2]:
        return left, right
    first, second = (
        el.op("broadcast_to", convert.constant(el, 0, DType.F32), shape=t.shape[:-2]) for t in (left, right)
    )
    batch = el.op("add", first, second).shape
    wide = [el.op("broadcast_to", t, shape=(*batch, *t.shape[-2:])) for t in (left, right)]
    return wide[0], wide[1]


@builtin("inverse")
def inverse(el: Elaborator, a: Value) -> Value:
    """The inverses of square matrices; not finite where there is none."""
    matrix = float_tensor(el, a)
    _need_square(el, matrix, "inverse")
    rows, columns = (el.op("iota", dtype=DType.I64, shape=matrix.shape, axis=matrix.rank - k) for k in (2, 1))
    return el.op("solve", matrix, el.op("cast", el.op("eq", rows, columns), dtype=matrix.dtype))


@builtin("det")
def det(el: Elaborator, a: Value) -> Value:
    """The determinants of square matrices."""
    matrix = float_tensor(el, a)
    _need_square(el, matrix, "det")
    return el.op("det", matrix)


@builtin("eigenvectors")
def eigenvectors(el: Elaborator, a: Value) -> Value:
    """The unit eigenvectors of symmetric matrices as columns, by rising eigenvalue."""
    matrix = float_tensor(el, a)
    _need_square(el, matrix, "eigenvectors")
    return el.op("eigenvectors", matrix)


@builtin("tensordot")
def tensordot(el: Elaborator, a: Value, b: Value, axes: Value = 2) -> Value:
    """The sum of products over axes of `a` and of `b`: a number of last and first axes, or two lists."""
    left, right = convert.floats(el, [a, b], here(el))
    of_left, of_right = _contracted(el, left, right, axes)
    left, right = _shrunk(el, left, right, of_left, of_right), _shrunk(el, right, left, of_right, of_left)
    kept_left = [k for k in range(left.rank) if k not in of_left]
    kept_right = [k for k in range(right.rank) if k not in of_right]
    inner = shape_size(tuple([left.shape[k] for k in of_left]))
    rows, columns = (
        tuple([t.shape[k] for k in kept]) for t, kept in ((left, kept_left), (right, kept_right))
    )
    first = el.op("transpose", left, perm=(*kept_left, *of_left))
    second = el.op("transpose", right, perm=(*of_right, *kept_right))
    first = el.op("reshape", first, shape=(shape_size(rows), inner))
    second = el.op("reshape", second, shape=(inner, shape_size(columns)))
    return el.op("reshape", el.op("matmul", first, second), shape=(*rows, *columns))


def _shrunk(el: Elaborator, x: Tensor, other: Tensor, mine: list[int], theirs: list[int]) -> Tensor:
    """`x` summed over axes whose partner has the size 1 and is repeated."""
    pairs = zip(mine, theirs, strict=True)
    axes = tuple(sorted(j for j, k in pairs if other.shape[k] == 1 != x.shape[j]))
    return el.op("sum", x, axes=axes, keepdims=True) if axes else x


def _contracted(el: Elaborator, a: Tensor, b: Tensor, axes: Value) -> tuple[list[int], list[int]]:
    """The axes of both that are summed over."""
    if isinstance(axes, list | tuple):
        if len(axes) != 2 or not all(isinstance(part, list | tuple) for part in axes):
            fail("E0314", "`axes` is a number of axes or two lists of them", here(el))
        first, second = [axis(el, a, k) for k in axes[0]], [axis(el, b, k) for k in axes[1]]
    else:
        count = integer(el, axes, "the number of axes", 0)
        if count > min(a.rank, b.rank):
            fail("E0205", f"{a.type} and {b.type} do not both have {count} axes", here(el))
        first, second = list(range(a.rank - count, a.rank)), list(range(count))
    if len(set(first)) != len(first) or len(set(second)) != len(second):
        fail("E0205", "an axis is summed over twice", here(el))
    sizes = [(a.shape[j], b.shape[k]) for j, k in zip(first, second, strict=False)]
    if len(first) != len(second) or any(m != n and 1 not in (m, n) for m, n in sizes):
        fail("E0203", f"the axes {first} of {a.type} do not fit the axes {second} of {b.type}", here(el))
    return first, second
