"""What a `scan` node consists of, seen by its derivative: operands by role, and which of them matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treadle.ir import Builder, Graph, Node
from treadle.ir.copying import copy_into
from treadle.ops.control import INDEX
from treadle.types import DimLike, TensorType

CARRY_GRAD = "grad:carry:"  # body inputs of the joint graph: the gradient of a carry at the end of the step,
YIELD_GRAD = "grad:yield:"  # of a yield,
SUM = "grad:sum:"  # and the sum so far of the gradients of a constant


class ScanParts:
    """The parts; a slot is a position among the operands, and so among the body's inputs.

    Attributes:
        active_carries: slots of the carries that wanted operands influence; their gradients are carried.
        wanted_sequences: slots of the sequences that need a gradient.
        wanted_constants: slots of the constants that need one.
        yields: positions, among the yields, of those with a gradient.
        grads: gradients of the results, by position.
    """

    def __init__(self, node: Node, wanted: Sequence[int], grads: Mapping[int, Node]) -> None:
        self.node = node
        self.grads = grads
        self.body: Graph = node.attrs["body"]
        self.carries: int = node.attrs["carries"]
        self.sequences: int = node.attrs["sequences"]
        self.length: DimLike = node.attrs["length"]
        self.reverse: bool = node.attrs["reverse"]
        self.truncate: int | None = node.attrs["truncate"]
        self.results = len(self.body.outputs)
        self.names = [name for name in self.body.inputs if name != INDEX]
        floats = [slot for slot in wanted if self.operand_type(slot).dtype.is_float]
        first_constant = self.carries + self.sequences
        self.wanted_sequences = [slot for slot in floats if self.carries <= slot < first_constant]
        self.wanted_constants = [slot for slot in floats if slot >= first_constant]
        self.active_carries = self._active_carries(floats)
        self.yields = [i - self.carries for i in sorted(grads) if i >= self.carries]

    def operand_type(self, slot: int) -> TensorType:
        """The type of an operand."""
        return self.node.inputs[slot].type

    def role(self, name: str) -> str:
        """What a body input is: carry, sequence, constant or index."""
        if name == INDEX:
            return "index"
        slot = self.names.index(name)
        if slot < self.carries:
            return "carry"
        return "sequence" if slot < self.carries + self.sequences else "constant"

    def copy_body(self) -> tuple[Graph, dict[int, Node]]:
        """A graph with the body's inputs and everything that its outputs need, and the map from old ids."""
        copy = Graph(self.body.name)
        known: dict[int, Node] = {}
        copy_into(Builder(copy), self.body, [*self.body.inputs.values(), *self.body.outputs.values()], known)
        copy.inputs = {name: known[node.id] for name, node in self.body.inputs.items()}
        return copy, known

    def forward_body(self, joint: Graph, outputs: Sequence[Node]) -> Graph:
        """The body again, with the given outputs, taken from a graph that contains it."""
        body = Graph(self.body.name)
        builder = Builder(body)
        known: dict[int, Node] = {}
        for name in self.body.inputs:
            known[joint.inputs[name].id] = builder.input(name, joint.inputs[name].type)
        copy_into(builder, joint, outputs, known)
        body.outputs = {
            f"c{i}" if i < self.carries else f"y{i - self.carries}": known[node.id]
            for i, node in enumerate(outputs)
        }
        return body

    def _active_carries(self, wanted: Sequence[int]) -> list[int]:
        inputs = [self.body.inputs[name] for name in self.names]
        outputs = list(self.body.outputs.values())[: self.carries]
        active = set(wanted)
        while True:
            reached = self.body.descendants([inputs[slot] for slot in active])
            more = {i for i, node in enumerate(outputs) if node.id in reached and node.type.dtype.is_float}
            if more <= active:
                return sorted(slot for slot in active if slot < self.carries)
            active |= more
