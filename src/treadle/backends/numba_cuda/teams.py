"""Teams: the threads that work on one row together, as text.

Input: a schedule. Output: lines with which a team waits for its lanes and joins their shares of a reduction:
by shuffles inside a warp, through shared memory between warps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from treadle.backends.numba_cuda.expressions import TYPES, ExprPrinter
from treadle.backends.numba_cuda.schedule import WARP_SIZE, Schedule, Shape
from treadle.backends.numba_cuda.shares import Share, typed
from treadle.types import DType

MASK = "0xFFFFFFFF"
Names = Callable[[str], str]


class Team:
    """What the printer asks of a team.

    Attributes:
        arrays: declarations of shared memory that the joins need.
    """

    def __init__(self, schedule: Schedule, printer: ExprPrinter) -> None:
        self.shape = schedule.shape
        self.lanes = schedule.lanes
        self.printer = printer
        self.arrays: dict[str, str] = {}

    @property
    def wait(self) -> str:
        """The line at which all lanes of a team meet."""
        return "cuda.syncwarp()" if self.shape is Shape.WARP else "cuda.syncthreads()"

    def joined(self, shares: Sequence[Share], name: Names) -> list[str]:
        """Lines that give every lane the whole of what all lanes have gathered under `name`."""
        if self.shape is Shape.COLUMNS:
            return self._through_memory(shares, name, "column", self.lanes, WARP_SIZE)
        lines = [line for share in shares for line in self._shuffled(share, name)]
        if self.lanes == WARP_SIZE:
            return lines
        return lines + self._through_memory(shares, name, "", self.lanes // WARP_SIZE, 1)

    def _shuffled(self, share: Share, name: Names) -> list[str]:
        lines: list[str] = []
        mine = [name(part) for part, _ in share.parts]
        other = [f"{part}o" for part in mine]
        for distance in (16, 8, 4, 2, 1):
            for (_, dtype), part, rival in zip(share.parts, mine, other, strict=True):
                shuffled = f"cuda.shfl_xor_sync({MASK}, {_packed(part, dtype)}, {distance})"
                lines.append(f"{rival} = {_unpacked(shuffled, dtype)}")
            lines.extend(share.join(self.printer, mine, other))
        return lines

    def _through_memory(
        self, shares: Sequence[Share], name: Names, column: str, count: int, stride: int
    ) -> list[str]:
        """Each of `count` threads (or warps) leaves its share in shared memory; all read all, in order."""
        writes: list[str] = []
        joins: list[str] = []
        writer = _slot(column, "lane" if column else "warp")
        first, other_slot = f"uint32({column or 'int32(0)'})", _slot(column, "other")
        for number, share in enumerate(shares):
            mine = [name(part) for part, _ in share.parts]
            other = [f"{part}o" for part in mine]
            rounds: list[str] = []
            for part, (_, dtype) in enumerate(share.parts):
                array = self._array(number, part, dtype, count * stride)
                writes.append(f"{array}[{writer}] = {_packed(mine[part], dtype)}")
                joins.append(f"{mine[part]} = {_unpacked(f'{array}[{first}]', dtype)}")
                rounds.append(f"{other[part]} = {_unpacked(f'{array}[{other_slot}]', dtype)}")
            rounds.extend(share.join(self.printer, mine, other))
            joins.append(f"for other in range(int32(1), int32({count})):")
            joins.extend(f"    {line}" for line in rounds)
        guard = [] if column else ["if lane % int32(32) == int32(0):"]
        body = [f"    {line}" for line in writes] if guard else writes
        return ["cuda.syncthreads()", *guard, *body, "cuda.syncthreads()", *joins]

    def _array(self, number: int, part: int, dtype: DType, size: int) -> str:
        array = f"r{number}_{part}_{dtype}"
        self.arrays[array] = f"{array} = cuda.shared.array({size}, {typed(dtype)})"
        return array


def _slot(column: str, member: str) -> str:
    return f"uint32({member} * int32({WARP_SIZE}) + {column})" if column else f"uint32({member})"


def _packed(value: str, dtype: DType) -> str:
    return f"int32({value})" if typed(dtype) == "int32" and dtype is not DType.I32 else value


def _unpacked(value: str, dtype: DType) -> str:
    return f"{TYPES[dtype]}({value})" if typed(dtype) == "int32" and dtype is not DType.I32 else value
