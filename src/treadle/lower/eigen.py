"""The kernel of `eigenvectors`: Jacobi's rotations of small symmetric matrices, then the columns in order.

Source: Golub, Van Loan, "Matrix computations", section 8.5. Each rotation makes one pair of elements zero; a
few sweeps over all pairs make the matrix diagonal, and the rotations taken together are the eigenvectors.
"""

from __future__ import annotations

from contextlib import ExitStack

from treadle.loops import Accumulate, Assign, Expr, Index, Kind, Position, Var
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR
from treadle.lower.matrix import Matrix
from treadle.lower.sweep import Sweep
from treadle.types import DType

SWEEPS = 12  # convergence is quadratic; what has become negligible is skipped
NEGLIGIBLE = {DType.F64: 1e-18}
NEGLIGIBLE_SHORT = 1e-9


def eigenvectors(sweep: Sweep) -> None:
    """Writes the kernel."""
    node, emitter = sweep.node, sweep.emitter
    (a,) = node.inputs
    shape, dtype = a.type.static_shape(), a.type.dtype
    size = shape[-1]
    with ExitStack() as stack:
        batch = sweep.loops(stack, shape[:-2], Kind.PARALLEL)
        matrix = Matrix(sweep, sweep.scratch(dtype, shape), batch)
        vectors = Matrix(sweep, sweep.output, batch)
        with emitter.loop(size, Kind.SERIAL) as i, emitter.loop(size, Kind.SERIAL) as j:
            both = [emitter.value(a, (*batch, *pair)) for pair in ((i, j), (j, i))]
            matrix.set(i, j, SCALAR.mul(SCALAR.add(*both), 0.5))
            is_diagonal = SCALAR.eq(Position(i), Position(j))
            vectors.set(i, j, SCALAR.select(is_diagonal, literal(1, dtype), literal(0, dtype)))
        with (
            emitter.loop(SWEEPS, Kind.SERIAL),
            emitter.loop(size, Kind.SERIAL) as p,
            emitter.range(p.plus(1), (Index(size),), (1, size - 1), Kind.SERIAL) as q,
        ):
            _rotate(matrix, vectors, p, q)
        with emitter.loop(size, Kind.SERIAL) as p:
            _bring_smallest(matrix, vectors, p)
        with emitter.loop(size, Kind.SERIAL) as p:
            _fix_sign(vectors, p)


def _rotate(matrix: Matrix, vectors: Matrix, p: Index, q: Index) -> None:
    """The rotation that makes the elements (p, q) and (q, p) zero."""
    emitter = matrix.sweep.emitter
    own, other, between = matrix.read(p, p), matrix.read(q, q), matrix.read(p, q)
    scale = SCALAR.add(SCALAR.abs(own), SCALAR.abs(other))
    negligible = NEGLIGIBLE.get(own.dtype, NEGLIGIBLE_SHORT)
    with emitter.when(SCALAR.gt(SCALAR.abs(between), SCALAR.mul(scale, negligible))):
        angle = emitter.let_here(SCALAR.div(SCALAR.sub(other, own), SCALAR.mul(between, 2.0)))
        root = SCALAR.sqrt(SCALAR.add(SCALAR.mul(angle, angle), 1.0))
        size = SCALAR.reciprocal(SCALAR.add(SCALAR.abs(angle), root))
        tangent = emitter.let_here(SCALAR.select(SCALAR.lt(angle, 0), SCALAR.neg(size), size))
        squared = SCALAR.add(SCALAR.mul(tangent, tangent), 1.0)
        cosine = emitter.let_here(SCALAR.reciprocal(SCALAR.sqrt(squared)))
        sine = emitter.let_here(SCALAR.mul(tangent, cosine))
        matrix.turn_columns(p, q, cosine, sine)
        matrix.turn_rows(p, q, cosine, sine)
        vectors.turn_columns(p, q, cosine, sine)


def _bring_smallest(matrix: Matrix, vectors: Matrix, p: Index) -> None:
    """Exchanges column p with that of the smallest eigenvalue from p on."""
    sweep, emitter, size = matrix.sweep, matrix.sweep.emitter, matrix.columns
    best, index = sweep.counter(0, size - 1)
    emitter.add(Assign(best.name, Position(p)))
    smallest = emitter.mutable(matrix.get(p, p))
    with emitter.range(p.plus(1), (Index(size),), (1, size - 1), Kind.SERIAL) as i:
        candidate = matrix.read(i, i)
        with emitter.when(SCALAR.lt(candidate, smallest)):
            emitter.add(Assign(smallest.name, candidate))
            emitter.add(Assign(best.name, Position(i)))
    matrix.set(index, index, matrix.read(p, p))
    vectors.swap_columns(p, index)


def _fix_sign(vectors: Matrix, p: Index) -> None:
    """Turns a column so that its first component of at least half the largest is positive."""
    emitter, size = vectors.sweep.emitter, vectors.columns
    largest = emitter.mutable(SCALAR.abs(vectors.get(Index(), p)))
    with emitter.loop(size, Kind.SERIAL) as i:
        emitter.add(Accumulate(largest.name, "maximum", SCALAR.abs(vectors.get(i, p))))
    sign = emitter.mutable(literal(1, largest.dtype))
    with emitter.loop(size, Kind.SERIAL) as back:
        value = vectors.read(Index(size - 1).plus(back, -1), p)
        is_large = SCALAR.ge(SCALAR.mul(SCALAR.abs(value), 2.0), largest)
        with emitter.when(is_large):
            emitter.add(Assign(sign.name, _sign(value)))
    with emitter.loop(size, Kind.SERIAL) as i:
        vectors.set(i, p, SCALAR.mul(vectors.get(i, p), sign))


def _sign(value: Var) -> Expr:
    one = literal(1, value.dtype)
    return SCALAR.select(SCALAR.lt(value, 0), SCALAR.neg(one), one)
