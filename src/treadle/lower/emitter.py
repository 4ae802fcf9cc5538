"""Writing loop nests: open loops, named values, and the element of a node at given indices.

Input: a node and the index of each of its axes. Output: statements in the innermost open loops that the
value allows (loop-invariant values are named outside) and an expression. What a node's element is in terms
of its operands' elements is in the modules of `families.py`; what has a place in memory is told by
`fetch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from treadle.ir import Node
from treadle.loops import Call, Const, Expr, For, If, Index, Kind, Let, Position, Statement, Var
from treadle.loops.expr import variables
from treadle.loops.index import number, variable_index
from treadle.types import DType

Indices = tuple[Index, ...]
Fetch = Callable[["Emitter", Node, Indices], Expr | None]
Rule = Callable[["Emitter", Node, Indices], Expr]

RULES: dict[str, Rule] = {}
"""For each op that may be part of a larger kernel: its element at given indices."""


def rule(*ops: str) -> Callable[[Rule], Rule]:
    """Registers the element rule of ops."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, function))
        return function

    return register


class NeedSplit(Exception):  # noqa: N818 - no error: a request
    """Asks for a loop to be split in two, the inner one of `inner` iterations, so that indices stay
    affine."""

    def __init__(self, variable: str, inner: int) -> None:
        super().__init__(f"split {variable} by {inner}")
        self.variable = variable
        self.inner = inner


@dataclass
class _Level:
    """An open loop: what is known and written in it so far."""

    statements: list[Statement] = field(default_factory=list)
    known: dict[tuple[int, Indices], Expr] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Emitter:
    """Statements under construction."""

    def __init__(self, fetch: Fetch, users: dict[int, int], splittable: bool = False) -> None:
        self.ranges: dict[str, tuple[int, int]] = {}
        self._fetch = fetch
        self._users = users
        self._splittable = splittable
        self._levels = [_Level()]
        self._guards = 0
        self._counts = {"i": 0, "v": 0}

    @property
    def body(self) -> tuple[Statement, ...]:
        """The statements outside of all loops."""
        return tuple(self._levels[0].statements)

    def add(self, statement: Statement) -> None:
        """Appends a statement to the innermost open loop."""
        self._levels[-1].statements.append(statement)

    def fresh(self, letter: str) -> str:
        """A new name."""
        self._counts[letter] += 1
        return f"{letter}{self._counts[letter] - 1}"

    @contextmanager
    def loop(self, extent: int, kind: Kind, name: str | None = None) -> Iterator[Index]:
        """A loop from 0 to `extent` around what is written inside; none for a single iteration."""
        if extent == 1:
            yield Index()
            return
        with self.range(Index(), (Index(extent),), (0, extent - 1), kind, name) as index:
            yield index

    @contextmanager
    def range(
        self,
        start: Index,
        stops: tuple[Index, ...],
        bounds: tuple[int, int],
        kind: Kind,
        name: str | None = None,
    ) -> Iterator[Index]:
        """A loop from `start` to the least of `stops`; `bounds` are the extreme values of its variable."""
        variable = name or self.fresh("i")
        self.ranges[variable] = bounds
        level = _Level(names={variable})
        self._levels.append(level)
        yield variable_index(variable)
        self._levels.pop()
        self.add(For(variable, start, stops, kind, tuple(level.statements)))

    @contextmanager
    def when(self, condition: Expr) -> Iterator[None]:
        """What is written inside runs only if the condition holds."""
        level = _Level()
        self._levels.append(level)
        yield
        self._levels.pop()
        self.add(If(condition, tuple(level.statements)))

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Inside, values are not named, because they must not be computed where a guard forbids it."""
        self._guards += 1
        yield
        self._guards -= 1

    def mutable(self, value: Expr) -> Var:
        """A new variable of the innermost open loop that statements may change."""
        return self.let_here(value)

    @property
    def open_loops(self) -> int:
        """The number of the innermost open loop."""
        return len(self._levels) - 1

    def let(self, value: Expr, least: int = 0) -> Expr:
        """Names a value in the outermost loop, but not outside of loop `least`, in which all it depends on
        is known."""
        if isinstance(value, Const | Var) or self._guards:
            return value
        name = self.fresh("v")
        level = self._levels[max(self.depth(value), least)]
        level.statements.append(Let(name, value))
        level.names.add(name)
        return Var(name, value.dtype)

    def let_here(self, value: Expr) -> Var:
        """Names a value in the innermost open loop, because it depends on something that changes there."""
        name = self.fresh("v")
        self.add(Let(name, value))
        self._levels[-1].names.add(name)
        return Var(name, value.dtype)

    def _let_stored(self, value: Expr) -> Expr:
        """Names an element read from memory as it is there; it may be narrower than its node's type."""
        if isinstance(value, Call) and value.function == "cast":
            return Call("cast", (self.let(value.operands[0]),), value.dtype)
        return self.let(value)

    def depth(self, value: Expr) -> int:
        """The number of the innermost open loop that a value depends on."""
        names = variables(value)
        return max((d for d, level in enumerate(self._levels) if level.names & names), default=0)

    def remember(self, node: Node, indices: Indices, value: Expr) -> None:
        """Makes `value` the element of a node at these indices, as long as the present loop is open."""
        self._levels[-1].known[node.id, self.normal(node, indices)] = value

    def normal(self, node: Node, indices: Indices) -> Indices:
        """Indices with 0 for axes of size 1."""
        return tuple(Index() if size == 1 else i for size, i in zip(node.type.shape, indices, strict=True))

    def value(self, node: Node, indices: Indices) -> Expr:
        """The element of a node.

        Raises:
            KeyError: for an op without a rule, which must be stored before.
        """
        indices = self.normal(node, indices)
        key = (node.id, indices)
        for level in reversed(self._levels):
            if key in level.known:
                return level.known[key]
        value = self._fetch(self, node, indices)
        if value is None:
            value = RULES[node.op](self, node, indices)
            if self._users.get(node.id, 0) > 1 and not isinstance(value, Position):
                value = self.let(value)
        else:
            value = self._let_stored(value)
        if not self._guards:
            self._levels[self.depth(value)].known[key] = value
        return value

    def inlined(self, node: Node, indices: Indices) -> Expr:
        """The element of a node computed here, even if the node has a place in memory."""
        return RULES[node.op](self, node, self.normal(node, indices))

    def extremes(self, index: Index) -> tuple[int, int]:
        """The least and the greatest value of an index."""
        low = high = number(index.offset)
        for name, factor in index.terms:
            ends = [number(factor) * end for end in self.ranges[name]]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def as_index(self, value: Expr, bounds: tuple[int, int]) -> Index:
        """An integer value as an index; named if it is not affine."""
        if isinstance(value, Position):
            return value.index
        if isinstance(value, Const):
            return Index(int(value.value))
        guards, self._guards = self._guards, 0
        named = self.let(value)
        self._guards = guards
        if not isinstance(named, Var):
            raise TypeError(f"{value} cannot be an index")
        self.ranges[named.name] = bounds
        return variable_index(named.name)

    def divide(self, index: Index, divisor: int) -> tuple[Index, Index]:
        """Quotient and remainder of an index whose value is not negative.

        Raises:
            NeedSplit: if splitting a loop would keep both affine.
        """
        if divisor == 1:
            return index, Index()
        quotient, remainder = _affine_division(index, divisor)
        low, high = self.extremes(remainder)
        if low >= 0 and high < divisor:
            return quotient, remainder
        self._ask_for_split(remainder, divisor)
        whole = Position(index)
        high = self.extremes(index)[1]
        quotient = self.as_index(_integer("floordiv", whole, divisor), (0, max(high // divisor, 0)))
        return quotient, self.as_index(_integer("mod", whole, divisor), (0, divisor - 1))

    def _ask_for_split(self, remainder: Index, divisor: int) -> None:
        if not self._splittable or number(remainder.offset) != 0:
            return
        for name, factor in remainder.terms:
            step = number(factor)
            low, high = self.ranges[name]
            if low == 0 and step > 0 and divisor % step == 0:
                inner, extent = divisor // step, high + 1
                if extent > inner and extent % inner == 0 and name.startswith("x"):
                    raise NeedSplit(name, inner)


def _affine_division(index: Index, divisor: int) -> tuple[Index, Index]:
    """Divides offset and factors one by one; exact if the remainder stays below the divisor."""
    whole, rest = divmod(number(index.offset), divisor)
    quotient, remainder = Index(whole), Index(rest)
    for name, factor in index.terms:
        if number(factor) % divisor == 0:
            quotient = quotient.plus(variable_index(name), number(factor) // divisor)
        else:
            remainder = remainder.plus(variable_index(name), number(factor))
    return quotient, remainder


def _integer(function: str, value: Expr, divisor: int) -> Expr:
    return Call(function, (value, Const(divisor, DType.I64)), DType.I64)
