"""Kernels for systems of equations and determinants: Gaussian elimination with partial pivoting.

Threads share out the matrices of a batch; each is worked on in scratch by one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from treadle.loops import Accumulate, Assign, Expr, Index, Kind, Position, Var
from treadle.loops.scalar import literal
from treadle.lower.access import SCALAR
from treadle.lower.eigen import eigenvectors
from treadle.lower.emitter import Emitter
from treadle.lower.matrix import Matrix
from treadle.lower.sweep import Sweep


def _solve(sweep: Sweep) -> None:
    a, b = sweep.node.inputs
    shape = a.type.static_shape()
    with ExitStack() as stack:
        batch = sweep.loops(stack, shape[:-2], Kind.PARALLEL)
        matrix, x = (
            Matrix(sweep, sweep.scratch(a.type.dtype, shape), batch),
            Matrix(sweep, sweep.output, batch),
        )
        _fill(matrix, lambda i, j: sweep.emitter.value(a, (*batch, i, j)))
        _fill(x, lambda i, j: sweep.emitter.value(b, (*batch, i, j)))
        _eliminate(sweep.emitter, matrix, x)
        _substitute(sweep.emitter, matrix, x)


def _det(sweep: Sweep) -> None:
    (a,) = sweep.node.inputs
    shape = a.type.static_shape()
    with ExitStack() as stack:
        batch = sweep.loops(stack, shape[:-2], Kind.PARALLEL)
        matrix = Matrix(sweep, sweep.scratch(a.type.dtype, shape), batch)
        _fill(matrix, lambda i, j: sweep.emitter.value(a, (*batch, i, j)))
        sign = sweep.emitter.mutable(literal(1, a.type.dtype))
        _eliminate(sweep.emitter, matrix, None, sign)
        with sweep.emitter.loop(shape[-1], Kind.SERIAL) as p:
            sweep.emitter.add(Accumulate(sign.name, "mul", matrix.get(p, p)))
        sweep.store(sweep.output, batch, sign)


def _fill(matrix: Matrix, value: Callable[[Index, Index], Expr]) -> None:
    emitter = matrix.sweep.emitter
    rows, columns = matrix.place.shape[-2:]
    with emitter.loop(rows, Kind.SERIAL) as i, emitter.loop(columns, Kind.SERIAL) as j:
        matrix.set(i, j, value(i, j))


def _eliminate(emitter: Emitter, matrix: Matrix, right: Matrix | None, sign: Var | None = None) -> None:
    """Makes the matrix upper triangular, the right side alike; `sign` follows row exchanges."""
    size = matrix.columns
    with emitter.loop(size, Kind.SERIAL) as p:
        best = _pivot_row(matrix, p)
        if sign is not None:
            is_same = SCALAR.eq(emitter.let_here(Position(best)), Position(p))
            emitter.add(Assign(sign.name, SCALAR.select(is_same, sign, SCALAR.neg(sign))))
        for part in filter(None, (matrix, right)):
            part.swap_rows(p, best)
        pivot = matrix.read(p, p)
        with emitter.range(p.plus(1), (Index(size),), (1, size - 1), Kind.SERIAL) as i:
            quotient = SCALAR.div(matrix.get(i, p), pivot)
            factor = emitter.let_here(SCALAR.select(SCALAR.eq(pivot, 0), 0, quotient))
            for part in filter(None, (matrix, right)):
                part.subtract_row(i, factor, p)


def _pivot_row(matrix: Matrix, p: Index) -> Index:
    """The row from p on with the largest element of column p; the first of equal ones."""
    emitter, size = matrix.sweep.emitter, matrix.columns
    best, index = matrix.sweep.counter(0, size - 1)
    emitter.add(Assign(best.name, Position(p)))
    largest = emitter.mutable(SCALAR.abs(matrix.get(p, p)))
    with emitter.range(p.plus(1), (Index(size),), (1, size - 1), Kind.SERIAL) as i:
        candidate = emitter.let_here(SCALAR.abs(matrix.get(i, p)))
        with emitter.when(SCALAR.gt(candidate, largest)):
            emitter.add(Assign(largest.name, candidate))
            emitter.add(Assign(best.name, Position(i)))
    return index


def _substitute(emitter: Emitter, matrix: Matrix, x: Matrix) -> None:
    """Solves from the last row upwards."""
    size = matrix.columns
    with emitter.loop(size, Kind.SERIAL) as step:
        p = Index(size - 1).plus(step, -1)
        with emitter.range(p.plus(1), (Index(size),), (1, size), Kind.SERIAL) as j:
            x.subtract_row(p, matrix.read(p, j), j)
        pivot = matrix.read(p, p)
        with emitter.loop(x.columns, Kind.SERIAL) as c:
            x.set(p, c, SCALAR.div(x.get(p, c), pivot))


SYSTEMS: dict[str, Callable[[Sweep], None]] = {"solve": _solve, "det": _det, "eigenvectors": eigenvectors}
