"""What a schedule wants to know of a kernel: its outer loops, and what may be shared out inside them.

Input: statements of a finished kernel and the values of its size parameters. Output: facts. Non-goals:
choosing (`schedule.py`), printing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from treadle.backends.numba_cuda.shares import can_share
from treadle.loops import Expr, For, If, Index, Kind, Let, Load, SizeLike, Statement, Store
from treadle.loops.expr import Guard, children
from treadle.loops.index import Size
from treadle.loops.kernel import expressions, walk_statements

SHORT = 4  # iterations that one thread may as well run alone


@dataclass(frozen=True)
class Access:
    """An element that a statement reads or writes; `safe` unless a condition guards it."""

    buffer: int
    index: Index
    safe: bool


class Structure:
    """Facts about statements under given sizes."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = sizes

    def value(self, size: SizeLike) -> int:
        """The number that a size stands for."""
        return self.sizes[size.number] if isinstance(size, Size) else size

    def extent(self, loop: For) -> int | None:
        """The iterations of a loop from 0 to a size, else None."""
        return None if loop.extent is None else self.value(loop.extent)

    def length(self, loop: For) -> int:
        """The iterations of a loop; those of a loop whose end depends on others at most."""
        ends = [self.value(stop.offset) for stop in loop.stops if not stop.terms]
        return min(ends, default=1 << 20)

    def chain(self, loop: For) -> tuple[For, ...]:
        """A loop that may be shared out and those directly inside it that share its lanes."""
        loops = [loop]
        while len(loops[-1].body) == 1:
            (inner,) = loops[-1].body
            plain = (
                isinstance(inner, For)
                and self.extent(inner) is not None
                and self.extent(loops[0]) is not None
            )
            if not plain or not isinstance(inner, For) or not self.is_shareable(inner):
                break
            loops.append(inner)
        return tuple(loops)

    def is_shareable(self, loop: For) -> bool:
        """Whether lanes may share out the iterations: each writes elements of its own, and what they gather
        can be joined."""
        if loop.kind is Kind.PARALLEL:
            return True
        stores = [s for s in walk_statements(loop.body) if isinstance(s, Store)]
        apart = all(loop.variable in store.index.variables for store in stores)
        return loop.kind is Kind.REDUCE and apart and can_share(loop.body)

    def shared_loops(self, body: Sequence[Statement]) -> Iterator[For]:
        """The loops of a team's statements that its lanes share out."""
        for statement in body:
            if isinstance(statement, If):
                yield from self.shared_loops(statement.body)
            elif isinstance(statement, For) and statement.kind is not Kind.UNROLL:
                if self.is_shareable(statement):
                    yield statement
                else:
                    yield from self.shared_loops(statement.body)

    def longest(self, body: Sequence[Statement]) -> int:
        """The most iterations that lanes can share out at once; 0 without such loops."""
        loops = self.shared_loops(body)
        return max((prod(map(self.length, self.chain(loop))) for loop in loops), default=0)

    def aligned(
        self, body: Sequence[Statement], variable: str, width: int, moves: Sequence[Sequence[int]]
    ) -> set[tuple[int, Index]]:
        """Buffer and index of the accesses that `width` neighbouring iterations can make as a single one."""
        own = {s.name for s in walk_statements(tuple(body)) if isinstance(s, Let)}
        return {
            (access.buffer, access.index)
            for access in accesses(body)
            if access.safe
            and not own & set(access.index.variables)
            and self._is_aligned(access, variable, width, moves[access.buffer])
        }

    def _is_aligned(self, access: Access, variable: str, width: int, moves: Sequence[int]) -> bool:
        """Whether `width` neighbours lie at a multiple of `width` wherever the loop variable is one."""
        factors = dict(access.index.terms)
        if factors.pop(variable, 0) != 1:
            return False
        steps = [self.value(access.index.offset), *map(self.value, factors.values()), *moves]
        return all(step % width == 0 for step in steps)


def accesses(body: Sequence[Statement]) -> Iterator[Access]:
    """All elements that statements read or write."""
    for statement in walk_statements(tuple(body)):
        if isinstance(statement, Store):
            yield Access(statement.buffer, statement.index, True)
        for value in expressions(statement):
            yield from _loads(value, True)


def _loads(expr: Expr, safe: bool) -> Iterator[Access]:
    if isinstance(expr, Load):
        yield Access(expr.buffer, expr.index, safe)
    for child in children(expr):
        yield from _loads(child, safe and not (isinstance(expr, Guard) and child is not expr.condition))


def reads(statement: Statement) -> set[int]:
    """The buffers that a statement or one inside it reads."""
    values = [value for inner in walk_statements((statement,)) for value in expressions(inner)]
    return {access.buffer for value in values for access in _loads(value, True)}


def writes(statement: Statement) -> set[int]:
    """The buffers that a statement or one inside it writes."""
    return {inner.buffer for inner in walk_statements((statement,)) if isinstance(inner, Store)}


def peel(body: tuple[Statement, ...]) -> tuple[tuple[Let, ...], tuple[For, ...], tuple[Statement, ...]]:
    """Nested parallel loops with nothing but values between them: the values, the loops, what is inside."""
    lets: list[Let] = []
    loops: list[For] = []
    while True:
        values = [statement for statement in body if isinstance(statement, Let)]
        rest = [statement for statement in body if not isinstance(statement, Let)]
        if len(rest) != 1 or not isinstance(rest[0], For) or not _is_grid(rest[0]):
            return tuple(lets), tuple(loops), body
        lets.extend(values)
        loops.append(rest[0])
        body = rest[0].body


def _is_grid(loop: For) -> bool:
    return loop.kind is Kind.PARALLEL and loop.extent is not None
