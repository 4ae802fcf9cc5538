"""Kernels as text of the device dialect.

Input: a kernel, its schedule and its sizes. Output: the lines of the function and the parameters beside the
buffers and the sizes. The statements of a row are printed in two ways: those of a team, which all lanes run
alike (single stores by its first lane, loops shared out among the lanes), and those of one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatchmethod
from typing import Any

from treadle.backends.numba_cuda.expressions import ExprPrinter, gathered
from treadle.backends.numba_cuda.schedule import WIDTH, Schedule, Shape
from treadle.backends.numba_cuda.shares import shares_of
from treadle.backends.numba_cuda.structure import Structure, reads, writes
from treadle.backends.numba_cuda.teams import Team
from treadle.backends.numba_cuda.vectors import Vectors
from treadle.loops import Accumulate, Assign, Barrier, Call, For, If, Kernel, Kind, Let, Statement, Store, Var
from treadle.loops.kernel import walk_statements

Lines = list[str]


class Printer:
    """Prints the statements of one kernel.

    Attributes:
        divisors: extents by which indices are divided, in order: each is a pair of parameters.
    """

    def __init__(
        self,
        kernel: Kernel,
        schedule: Schedule,
        structure: Structure,
        moves: Sequence[Sequence[int]],
        wide: bool,
    ) -> None:
        self.kernel = kernel
        self.schedule = schedule
        self.structure = structure
        self.moves = moves
        self.values = ExprPrinter(wide)
        self.team = Team(schedule, self.values)
        self.divisors: list[int] = []
        self._read: set[int] = set()
        self._written: set[int] = set()
        self._counters = 0

    def core(self) -> Lines:
        """The lines of a row, its index being known."""
        lets = [line for let in self.schedule.lets for line in self.thread(let)]
        if self.schedule.shape is Shape.FLAT:
            if self.schedule.vector > 1:
                return [*lets, *self._vector(self.schedule.core, self.schedule.rows[-1].variable)]
            return [*lets, *self._threads(self.schedule.core)]
        return [*lets, *self._team(self.schedule.core)]

    def decode(self, loops: Sequence[For], linear: str, wide: int = 1) -> Lines:
        """The variables of nested loops from the number of an iteration; the last in steps of `wide`."""
        lines: Lines = []
        for number in range(len(loops) - 1, -1, -1):
            loop = loops[number]
            step = wide if number == len(loops) - 1 else 1
            scale = "" if step == 1 else f" * int32({step})"
            if number == 0:
                lines.append(f"{loop.variable} = {self.values.integer}({linear}{scale})")
                break
            extent = self.structure.value(loop.stops[0].offset) // step
            rest = f"q{len(self.divisors)}"
            lines.append(f"{rest} = {self.divided(linear, extent)}")
            count = self.extent(extent, len(self.divisors) - 1)
            lines.append(f"{loop.variable} = {self.values.integer}(({linear} - {rest} * {count}){scale})")
            linear = rest
        return lines

    def divided(self, number: str, divisor: int) -> str:
        """The quotient of an index by an extent, which becomes parameters."""
        self.divisors.append(divisor)
        at = len(self.divisors) - 1
        return f"quotient({number}, m{at}, h{at})"

    def extent(self, _value: int, at: int) -> str:
        """The parameter that holds a divisor."""
        return f"e{at}"

    def _threads(self, body: Sequence[Statement]) -> Lines:
        return [line for statement in body for line in self.thread(statement)]

    @singledispatchmethod
    def thread(self, statement: Any) -> Lines:
        """A statement that one thread runs alone."""
        raise TypeError(f"no CUDA form of {statement!r}; add it to numba_cuda/printer.py")

    @thread.register
    def _(self, statement: Let | Assign) -> Lines:
        return [f"{self._name(statement.name)} = {self.values.text(statement.value)}"]

    @thread.register
    def _(self, statement: Accumulate) -> Lines:
        dtype = gathered(statement.value.dtype)
        value = Call(statement.function, (Var(statement.name, dtype), statement.value), dtype)
        return [f"{self._name(statement.name)} = {self.values.text(value)}"]

    @thread.register
    def _(self, statement: Store) -> Lines:
        place = f"b{statement.buffer}[{self.values.place(statement.buffer, statement.index)}]"
        dtype = self.kernel.buffers[statement.buffer].dtype
        value = self.values.text(statement.value)
        if statement.accumulate:
            value = f"{self.values.loaded(place, dtype)} + {value}"
        return [f"{place} = {self.values.stored(value, dtype)}"]

    @thread.register
    def _(self, _statement: Barrier) -> Lines:
        return []

    @thread.register
    def _(self, statement: If) -> Lines:
        return [f"if {self.values.text(statement.condition)}:", *indented(self._threads(statement.body))]

    @thread.register
    def _(self, statement: For) -> Lines:
        if statement.kind is Kind.UNROLL:
            return self._unrolled(statement, self._threads)
        return [*self._head(statement), *indented(self._threads(statement.body))]

    def _head(self, loop: For) -> Lines:
        return [f"for {loop.variable} in range({self.values.index(loop.start)}, {self._stop(loop)}):"]

    def _stop(self, loop: For) -> str:
        stop = self.values.index(loop.stops[0])
        for other in map(self.values.index, loop.stops[1:]):
            stop = f"select({stop} < {other}, {stop}, {other})"
        return stop

    def _unrolled(self, loop: For, body: Any) -> Lines:
        extent = loop.extent
        if not isinstance(extent, int):
            raise TypeError(f"the unrolled loop over {loop.variable} needs a literal extent")
        lines: Lines = []
        for number in range(extent):
            self.values.literals[loop.variable] = number
            lines.extend(body(loop.body))
        del self.values.literals[loop.variable]
        return lines

    def _name(self, name: str) -> str:
        return self.values.names.get(name, name)

    def _team(self, body: Sequence[Statement]) -> Lines:
        return [line for statement in body for line in (*self._meeting(statement), *self._member(statement))]

    def _meeting(self, statement: Statement) -> Lines:
        """A barrier where the statement touches what other lanes have written or still read."""
        if isinstance(statement, For | If) and not self._is_shared(statement):
            return []  # what is inside takes care of itself
        mine, changed = reads(statement), writes(statement)
        lines = []
        if (mine | changed) & self._written or changed & self._read:
            lines = self._met()
        self._read |= mine
        self._written |= changed
        return lines

    def _met(self) -> Lines:
        self._read.clear()
        self._written.clear()
        return [self.team.wait]

    def _is_shared(self, statement: Statement) -> bool:
        plain = isinstance(statement, For) and statement.kind is not Kind.UNROLL
        return plain and isinstance(statement, For) and self.structure.is_shareable(statement)

    def _member(self, statement: Statement) -> Lines:
        if isinstance(statement, Store):
            return ["if first == int32(0):", *indented(self.thread(statement))]
        if isinstance(statement, If):
            return self._branch(statement)
        if not isinstance(statement, For):
            return self.thread(statement)
        if statement.kind is Kind.UNROLL:
            return self._unrolled(statement, self._team)
        if self._is_shared(statement):
            return self._shared(statement)
        return self._repeated(statement)

    def _branch(self, statement: If) -> Lines:
        before = self._before_repetition(statement)
        body = [*self._team(statement.body), *self._met()]
        return [*before, f"if {self.values.text(statement.condition)}:", *indented(body)]

    def _repeated(self, loop: For) -> Lines:
        """A loop that all lanes run alike; each iteration ends when all lanes have ended it."""
        before = self._before_repetition(loop)
        body = [*self._team(loop.body), *self._met()]
        return [*before, *self._head(loop), *indented(body)]

    def _before_repetition(self, statement: Statement) -> Lines:
        touched = reads(statement) | writes(statement)
        return self._met() if touched & self._written or writes(statement) & self._read else []

    def _shared(self, loop: For) -> Lines:
        """A loop whose iterations the lanes share out, and what they gather in it."""
        shares = shares_of(loop.body)
        outer = dict(self.values.names)
        mine = {part: f"{part}p" for share in shares for part, _ in share.parts}
        starts = [
            f"{mine[part]} = {self.values.text(start)}"
            for share in shares
            for (part, _), start in zip(share.parts, share.start, strict=True)
        ]
        self.values.names.update(mine)
        lines = [*starts, *self._dealt(loop)]
        self.values.names = outer
        if shares:
            lines.extend(self.team.joined(shares, mine.__getitem__))
        for share in shares:
            parts = [part for part, _ in share.parts]
            lines.extend(share.join(self.values, parts, [mine[part] for part in parts]))
        return lines

    def _dealt(self, loop: For) -> Lines:
        """The loop over a lane's iterations: every `lanes`-th, beginning with its own number."""
        chain = self.structure.chain(loop)
        if self._is_wide(chain):
            return self._counted(chain, WIDTH, lambda: self._vector(chain[-1].body, chain[-1].variable))
        if len(chain) > 1:
            return self._counted(chain, 1, lambda: self._threads(chain[-1].body))
        variable, number = loop.variable, self.values.integer
        start = self.values.sum(loop.start)
        body = self._threads(loop.body)
        return [
            f"{variable} = {number}({start} + first)",
            f"stop{variable} = {self._stop(loop)}",
            f"while {variable} < stop{variable}:",
            *indented([*body, f"{variable} = {number}({variable} + {self._lanes()})"]),
        ]

    def _counted(self, chain: Sequence[For], wide: int, body: Any) -> Lines:
        """Nested loops that lanes share out as one, in runs of `wide` iterations."""
        counter = f"k{self._counters}"
        self._counters += 1
        total = f"n{counter}"
        sizes = [self.values.index(loop.stops[0]) for loop in chain]
        scale = "" if wide == 1 else f" // int32({wide})"
        return [
            f"{counter} = first",
            f"{total} = {self.values.integer}({' * '.join(sizes)}{scale})",
            f"while {counter} < {total}:",
            *indented(
                [
                    *self.decode(chain, counter, wide),
                    *body(),
                    f"{counter} = {self.values.integer}({counter} + {self._lanes()})",
                ]
            ),
        ]

    def _lanes(self) -> str:
        return f"int32({self.team.lanes})"

    def _is_wide(self, chain: Sequence[For]) -> bool:
        """Whether lanes may take four neighbours at a time, in single accesses."""
        loop = chain[-1]
        extent = self.structure.extent(loop)
        nested = any(isinstance(inner, For | If) for inner in walk_statements(loop.body))
        if self.schedule.shape is Shape.COLUMNS or nested or extent is None or extent % WIDTH:
            return False
        if extent < WIDTH * self.team.lanes and len(chain) == 1:
            return False
        return bool(self.structure.aligned(loop.body, loop.variable, WIDTH, self.moves))

    def _vector(self, body: Sequence[Statement], variable: str) -> Lines:
        aligned = self.structure.aligned(body, variable, WIDTH, self.moves)
        return Vectors(self, aligned, variable).lines(body)


def indented(lines: Sequence[str]) -> Lines:
    """Lines one level further in; never empty."""
    return [f"    {line}" for line in lines] or ["    pass"]
