"""The body of a loop's derivative: what runs backwards, and what it reads from the forward pass.

Input: the joint graph of a body and its derivative (see `scan`). Output: the body, and what it must be fed.
"""

from __future__ import annotations

from treadle.autodiff.scan_parts import CARRY_GRAD, SUM, YIELD_GRAD, ScanParts
from treadle.ir import Builder, Graph, Node, copy_node
from treadle.ir.copying import copy_into
from treadle.ops.control import INDEX

_FREE = frozenset({"const", "iota", "table", "reshape", "transpose", "broadcast_to", "flip", "stop_grad"})


class BackwardBody:
    """The backward body and what it is to be fed.

    Attributes:
        graph: the body. Its inputs: carried gradients and running sums; gradients of yields, then
        `sequences`;
            `constants`; the index.
        sequences: slots of forward sequences that it reads again, and nodes of the joint graph to be saved.
        constants: nodes of the outer graph.
    """

    def __init__(self, outer: Builder, parts: ScanParts, joint: Graph) -> None:
        self._outer = Outer(outer, parts, joint)
        self._parts = parts
        self._joint = joint
        self._forward = _forward_nodes(joint)
        self._new: dict[int, Node] = {}  # joint id -> node of the body
        self._inputs: dict[str, list[Node]] = {"c": [], "s": [], "k": []}
        self.sequences: list[int | Node] = []
        self.constants: list[Node] = []
        self.graph = Graph(f"backward of {parts.body.name}")
        self._builder = Builder(self.graph)
        self._build()

    def _build(self) -> None:
        self._declare_gradients()
        roots = [node for name, node in self._joint.outputs.items() if name.startswith("backward:")]
        for node_id in sorted(self._joint.ancestors(roots)):
            node = self._joint[node_id]
            if node.op != "input" and node_id not in self._forward:
                self._copy(node)
        self.graph.outputs = {f"g{i}": self._value(node) for i, node in enumerate(roots)}
        index = {INDEX: self.graph.inputs[INDEX]} if INDEX in self.graph.inputs else {}
        nodes = [node for group in self._inputs.values() for node in group]
        self.graph.inputs = {node.attrs["name"]: node for node in nodes} | index

    def _declare_gradients(self) -> None:
        parts, inputs = self._parts, self._joint.inputs
        for slot in parts.active_carries:
            self._declare("c", inputs[f"{CARRY_GRAD}{slot}"])
        for slot in parts.wanted_constants:
            self._declare("c", inputs[f"{SUM}{slot}"])
        for position in parts.yields:
            self._declare("s", inputs[f"{YIELD_GRAD}{position}"])

    def _declare(self, role: str, node: Node) -> Node:
        """A new input of the body that stands for a node of the joint graph."""
        group = self._inputs[role]
        group.append(self._builder.input(f"{role}{len(group)}", node.type))
        self._new[node.id] = group[-1]
        return group[-1]

    def _value(self, node: Node) -> Node:
        """The node of the body that has the value of a node of the joint graph."""
        if node.id not in self._new:
            self._new[node.id] = self._supply(node)
        return self._new[node.id]

    def _supply(self, node: Node) -> Node:
        """Brings a value of the forward pass into the body in the cheapest way."""
        if node.op in _FREE:
            return self._copy(node)
        if node.op == "input" and node.attrs["name"] == INDEX:
            return self._builder.input(INDEX, node.type)
        if self._outer.has(node):
            self.constants.append(self._outer.value(node))
            return self._declare("k", node)
        is_sequence = node.op == "input" and self._parts.role(node.attrs["name"]) == "sequence"
        self.sequences.append(self._parts.names.index(node.attrs["name"]) if is_sequence else node)
        return self._declare("s", node)

    def _copy(self, node: Node) -> Node:
        inputs = tuple(self._value(operand) for operand in node.inputs)
        with self._builder.at(node.span, node.scope):
            self._new[node.id] = copy_node(self._builder, node, inputs)
        return self._new[node.id]


class Outer:
    """Values that do not change from step to step, computed outside the loop."""

    def __init__(self, builder: Builder, parts: ScanParts, joint: Graph) -> None:
        self._builder = builder
        self._joint = joint
        constants = {
            name: operand
            for name, operand in zip(parts.names, parts.node.inputs, strict=True)
            if parts.role(name) == "constant"
        }
        self._known = {joint.inputs[name].id: operand for name, operand in constants.items()}
        self._varying = joint.descendants(
            [node for name, node in joint.inputs.items() if name not in constants]
        )

    def has(self, node: Node) -> bool:
        """Whether the node depends on constants alone."""
        return node.id not in self._varying

    def value(self, node: Node) -> Node:
        """The node again, in the graph outside."""
        copy_into(self._builder, self._joint, [node], self._known)
        return self._known[node.id]


def _forward_nodes(joint: Graph) -> set[int]:
    """What the forward outputs need, and the other results of loops among it: all that exists by then."""
    roots = [node for name, node in joint.outputs.items() if name.startswith("forward:")]
    found = joint.ancestors(roots)
    return found | {node.id for node in joint if node.op == "item" and node.inputs[0].id in found}
