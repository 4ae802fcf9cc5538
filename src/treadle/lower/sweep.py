"""The kernel of one node whose iterations depend on each other, under construction.

Input: the node, the storage of its operands and of its result. Output: its kernel. What is written into it is
in `sweeps.py`, `sorting.py` and `systems.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from math import prod

from treadle.ir import Node
from treadle.loops import Expr, Index, Kind, Var
from treadle.loops.index import variable_index
from treadle.loops.scalar import literal
from treadle.lower.emitter import Emitter, Indices
from treadle.lower.nest import Operands
from treadle.lower.plan import KernelCall
from treadle.lower.storage import Storage
from treadle.types import DType

MakeTensor = Callable[[str, DType, tuple[int, ...]], Storage]
_WEIGHT = 4


class Sweep:
    """Writes the loops of one node.

    Args:
        node: what to compute.
        stored: storage of each stored node.
        users: how many nodes use each node.
        make_tensor: makes memory for what only this kernel needs.
    """

    def __init__(
        self, node: Node, stored: Mapping[int, Storage], users: dict[int, int], make_tensor: MakeTensor
    ) -> None:
        self.node = node
        self.stored = stored
        self.make_tensor = make_tensor
        self.operands = Operands()
        self.emitter = Emitter(self._fetch, users)

    @property
    def output(self) -> Storage:
        """Where the result goes."""
        return self.stored[self.node.id]

    def _fetch(self, _emitter: Emitter, node: Node, indices: Indices) -> Expr | None:
        stored = self.stored.get(node.id)
        return None if stored is None else self.operands.load(stored, indices, node.type.dtype)

    def loops(self, stack: ExitStack, extents: tuple[int, ...], kind: Kind) -> Indices:
        """Opens nested loops."""
        return tuple(stack.enter_context(self.emitter.loop(extent, kind)) for extent in extents)

    def load(self, place: Storage, indices: Indices) -> Expr:
        """An element of memory that the kernel changes; to be used before the next change."""
        return self.operands.load(place, indices, place.buffer.dtype)

    def store(self, place: Storage, indices: Indices, value: Expr) -> None:
        """Writes an element."""
        self.emitter.add(self.operands.store(place, indices, value))

    def fill(self, indices: Indices, value: float) -> None:
        """Writes a number to an element of the result."""
        self.store(self.output, indices, literal(value, self.node.type.dtype))

    def scratch(self, dtype: DType, shape: tuple[int, ...]) -> Storage:
        """Memory that only this kernel needs."""
        return self.make_tensor("scratch", dtype, shape)

    def counter(self, value: int, highest: int) -> tuple[Var, Index]:
        """A new integer from 0 to `highest` that statements may change, and the index that it is."""
        variable = self.emitter.mutable(literal(value, DType.I64))
        self.emitter.ranges[variable.name] = (0, highest)
        return variable, variable_index(variable.name)

    def finish(self) -> KernelCall:
        """The kernel with its operands."""
        work = _WEIGHT * prod(self.node.inputs[0].type.static_shape())
        return self.operands.call(self.node.op, self.emitter.body, work, (self.node,))
