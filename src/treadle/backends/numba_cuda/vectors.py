"""Four neighbouring iterations at once: single 16-byte accesses where alignment is proven, scalars elsewhere.

Input: statements without loops, the variable that counts in fours, and the accesses that are aligned. Output:
lines. Each statement is written for all four lanes before the next one, which independent iterations allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from treadle.loops import Index, Let, Load, Statement, Store
from treadle.loops.expr import walk
from treadle.loops.kernel import expressions

if TYPE_CHECKING:
    from treadle.backends.numba_cuda.printer import Printer

WIDTH = 4
Place = tuple[int, Index]


class Vectors:
    """Writes statements for four lanes.

    Args:
        printer: of the kernel.
        aligned: buffer and index of the accesses that may be single wide ones.
        variable: the loop variable; in the lanes it stands for itself, plus 1, plus 2 and plus 3.
    """

    def __init__(self, printer: Printer, aligned: set[Place], variable: str) -> None:
        self.printer = printer
        self.values = printer.values
        self.aligned = aligned
        self.variable = variable
        self.loaded: dict[Place, list[str]] = {}
        self.own: set[str] = set()
        self.count = 0

    def lines(self, body: Sequence[Statement]) -> list[str]:
        """The statements for all lanes."""
        outer = dict(self.values.names)
        lines = [line for statement in body for line in (*self._loads(statement), *self._lanes(statement))]
        self.values.names = outer
        self.values.vectors.clear()
        self.values.offsets.pop(self.variable, None)
        return lines

    def _loads(self, statement: Statement) -> list[str]:
        """Wide loads of the elements that a statement is the first to read."""
        lines: list[str] = []
        for value in expressions(statement):
            for part in walk(value):
                place = (part.buffer, part.index) if isinstance(part, Load) else None
                if place in self.aligned and place is not None and place not in self.loaded:
                    lines.append(self._load(place))
        return lines

    def _load(self, place: Place) -> str:
        buffer, index = place
        names = [f"x{self.count}_{lane}" for lane in range(WIDTH)]
        self.count += 1
        dtype = self.printer.kernel.buffers[buffer].dtype
        self.loaded[place] = [self.values.loaded(name, dtype) for name in names]
        name = "shared_load4" if buffer in self.values.scratch else "load4"
        return f"{', '.join(names)} = {name}(b{buffer}, {self.values.place(buffer, index)})"

    def _lanes(self, statement: Statement) -> list[str]:
        if isinstance(statement, Let):
            self.own.add(statement.name)
        if isinstance(statement, Store) and (statement.buffer, statement.index) in self.aligned:
            return self._wide_store(statement)
        lines: list[str] = []
        for lane in range(WIDTH):
            self._enter(lane)
            lines.extend(self.printer.thread(statement))
        self._leave()
        if isinstance(statement, Store):
            self._forget(statement.buffer)
        return lines

    def _wide_store(self, statement: Store) -> list[str]:
        dtype = self.printer.kernel.buffers[statement.buffer].dtype
        values = []
        for lane in range(WIDTH):
            self._enter(lane)
            values.append(self.values.stored(self.values.text(statement.value), dtype))
        self._leave()
        self._forget(statement.buffer)
        name = "shared_store4" if statement.buffer in self.values.scratch else "store4"
        place = self.values.place(statement.buffer, statement.index)
        return [f"{name}(b{statement.buffer}, {place}, {', '.join(values)})"]

    def _forget(self, buffer: int) -> None:
        """What was loaded from a buffer is stale once it is written."""
        self.loaded = {place: names for place, names in self.loaded.items() if place[0] != buffer}

    def _enter(self, lane: int) -> None:
        self.values.offsets[self.variable] = lane
        self.values.names.update({name: f"{name}_{lane}" for name in self.own})
        self.values.vectors = {place: names[lane] for place, names in self.loaded.items()}

    def _leave(self) -> None:
        self.values.offsets.pop(self.variable, None)
        self.values.vectors = {}
