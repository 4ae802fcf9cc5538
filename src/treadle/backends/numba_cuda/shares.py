"""Shares of reductions: what each lane has gathered, and how the lanes of a team put it together.

Input: the statements of a loop that lanes share out. Output: the values that it gathers: how a lane's share
begins, and how two shares are joined. Every lane ends with the same value, joined in an order that depends on
the number of lanes only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from treadle.backends.numba_cuda.expressions import TYPES, ExprPrinter, gathered
from treadle.loops import Accumulate, Assign, Call, Const, Let, Statement, Var
from treadle.loops.kernel import walk_statements
from treadle.lower.totals import neutral
from treadle.types import DType

_OPS = {"add": "sum", "mul": "prod", "maximum": "max", "minimum": "min"}
_EXTREMES = {"gt": "max", "lt": "min"}


@dataclass(frozen=True)
class Total:
    """A value gathered by `Accumulate`."""

    name: str
    function: str
    dtype: DType

    @property
    def parts(self) -> tuple[tuple[str, DType], ...]:
        return ((self.name, self.dtype),)

    @property
    def start(self) -> tuple[Const, ...]:
        return (neutral(_OPS[self.function], self.dtype),)

    def join(self, printer: ExprPrinter, mine: Sequence[str], other: Sequence[str]) -> list[str]:
        """Adds another lane's share to mine."""
        operands = (Var(mine[0], self.dtype), Var(other[0], self.dtype))
        return [f"{mine[0]} = {printer.text(Call(self.function, operands, self.dtype))}"]


@dataclass(frozen=True)
class Search:
    """The best value and its place; of equal values the one at the lowest place."""

    best: str
    place: str
    relation: str
    dtype: DType

    @property
    def parts(self) -> tuple[tuple[str, DType], ...]:
        return ((self.best, self.dtype), (self.place, DType.I32))

    @property
    def start(self) -> tuple[Const, ...]:
        return (neutral(_EXTREMES[self.relation], self.dtype), Const(2**31 - 1, DType.I32))

    def join(self, _printer: ExprPrinter, mine: Sequence[str], other: Sequence[str]) -> list[str]:
        """Takes another lane's find if it is better, or as good and earlier."""
        (best, place), (rival, where) = mine, other
        sign = ">" if self.relation == "gt" else "<"
        return [
            f"wins = ({rival} {sign} {best}) | (({rival} == {best}) & ({where} < {place}))",
            f"{best} = select(wins, {rival}, {best})",
            f"{place} = select(wins, {where}, {place})",
        ]


Share = Total | Search


def shares_of(body: Sequence[Statement]) -> list[Share]:
    """What statements gather in values declared outside of them.

    Raises:
        TypeError: for an assignment that is no search for a best place.
    """
    inside = tuple(walk_statements(tuple(body)))
    own = {statement.name for statement in inside if isinstance(statement, Let)}
    found: list[Share] = list(_totals(inside, own))
    found.extend(_searches(inside, own))
    return found


def can_share(body: Sequence[Statement]) -> bool:
    """Whether lanes can join all that statements gather."""
    try:
        shares_of(body)
    except TypeError:
        return False
    return True


def _totals(inside: Sequence[Statement], own: set[str]) -> Iterator[Total]:
    outer = [s for s in inside if isinstance(s, Accumulate) and s.name not in own]
    seen = {s.name: Total(s.name, s.function, gathered(s.value.dtype)) for s in outer}
    yield from seen.values()


def _searches(inside: Sequence[Statement], own: set[str]) -> Iterator[Search]:
    lets = {s.name: s.value for s in inside if isinstance(s, Let)}
    outer = [s for s in inside if isinstance(s, Assign) and s.name not in own]
    waiting: dict[str, Assign] = {}
    for statement in outer:
        value = statement.value
        if (
            not isinstance(value, Call)
            or value.function != "select"
            or not isinstance(value.operands[0], Var)
        ):
            raise TypeError(f"lanes cannot share out the assignment to {statement.name}")
        wins = lets.get(value.operands[0].name)
        if (
            not isinstance(wins, Call)
            or wins.function not in _EXTREMES
            or not isinstance(wins.operands[1], Var)
        ):
            raise TypeError(f"lanes cannot share out the assignment to {statement.name}")
        best = wins.operands[1]
        if best.name == statement.name:
            yield Search(best.name, waiting.pop(best.name).name, wins.function, best.dtype)
        else:
            waiting[best.name] = statement


def typed(dtype: DType) -> str:
    """The type of a value in a register that shuffles and shared memory can hold."""
    return "int32" if dtype in {DType.U8, DType.BOOL} else TYPES[dtype]
