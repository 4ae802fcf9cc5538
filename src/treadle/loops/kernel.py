"""Statements and kernels of the loop IR.

A kernel is a loop nest over buffers. It says which loops have independent iterations (`PARALLEL`), and
leaves to a target's schedule which of them become threads, vectors or a grid. Loops with dependent
iterations are `SERIAL` or `REDUCE`. `UNROLL` loops have a literal extent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from treadle.loops.expr import Expr
from treadle.loops.index import Index, SizeLike
from treadle.types import DType


class Kind(Enum):
    """What is known of the iterations of a loop, or where a schedule has put them."""

    PARALLEL = "parallel"  # independent of each other
    SERIAL = "serial"  # must run in order
    REDUCE = "reduce"  # independent except for accumulation, whose order is free but fixed
    UNROLL = "unroll"  # few enough to be written out; the extent is a literal
    PARTS = "parts"  # scheduled: shared out among the CPU's threads
    VECTOR = "vector"  # scheduled: the innermost loop, contiguous
    GRID = "grid"  # scheduled: one iteration per thread block
    BLOCK = "block"  # scheduled: one iteration per thread of a block


@dataclass(frozen=True, slots=True)
class Let:
    """Names a value; names are unique in a kernel. `Assign` and `Accumulate` may change it."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """Gives a named value a new value."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Accumulate:
    """`name = function(name, value)`, with function one of add, mul, maximum, minimum."""

    name: str
    function: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Store:
    """Writes an element of a buffer; `accumulate` adds to it."""

    buffer: int
    index: Index
    value: Expr
    accumulate: bool = False


@dataclass(frozen=True, slots=True)
class For:
    """A loop over `start <= variable < min(stops)`."""

    variable: str
    start: Index
    stops: tuple[Index, ...]
    kind: Kind
    body: tuple[Statement, ...]

    @property
    def extent(self) -> SizeLike | None:
        """The number of iterations where it is one size: a loop from 0 to a constant."""
        plain = self.start == Index() and len(self.stops) == 1 and not self.stops[0].terms
        return self.stops[0].offset if plain else None


@dataclass(frozen=True, slots=True)
class If:
    """Runs the body if the condition holds."""

    condition: Expr
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Barrier:
    """All threads of a block wait for each other; nothing on a CPU."""


Statement = Let | Assign | Accumulate | Store | For | If | Barrier


@dataclass(frozen=True, slots=True)
class BufferParam:
    """A buffer of a kernel.

    `part_stride` is the number of elements between the shares of two threads for scratch that each thread
    has for itself; None for ordinary buffers. Different buffers of a kernel never overlap.
    """

    dtype: DType
    written: bool
    part_stride: SizeLike | None = None


@dataclass(frozen=True, slots=True)
class Kernel:
    """A loop nest. `name` is for people; equality and hash see the structure only."""

    name: str = field(compare=False)
    buffers: tuple[BufferParam, ...]
    sizes: int
    body: tuple[Statement, ...]


def walk_statements(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """All statements, outer ones first."""
    for statement in body:
        yield statement
        if isinstance(statement, For | If):
            yield from walk_statements(statement.body)


def expressions(statement: Statement) -> tuple[Expr, ...]:
    """The values a statement computes itself (not those of statements inside it)."""
    if isinstance(statement, Let | Assign | Accumulate | Store):
        return (statement.value,)
    return (statement.condition,) if isinstance(statement, If) else ()
