"""A scan taken apart and put together: what the passes on scans share.

Input: a scan node. Output: its body's ends by role, and a scan made of such parts.
Non-goals: deciding what to change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from treadle.ir import Builder, Graph, Node, rewrite
from treadle.ops.control import INDEX
from treadle.passes import dce

Results = list[Node | None]  # what takes the place of each result of a scan; None where nothing reads it
Rebuild = Callable[[Builder, Node, tuple[Node, ...], set[int]], Results | None]


@dataclass(frozen=True)
class Scan:
    """The body's ends by role. Operands of the scan stand in the order carries, sequences, constants.

    Attributes:
        body: the sub-graph.
        carries: body inputs that hold the carried values.
        sequences: body inputs that hold the element of each sequence.
        constants: body inputs that are the same in each step.
        index: the body input that holds the position, if there is one.
        next_carries: body outputs that become the carries of the next step.
        yields: body outputs that are stacked.
    """

    body: Graph
    carries: tuple[Node, ...]
    sequences: tuple[Node, ...]
    constants: tuple[Node, ...]
    index: Node | None
    next_carries: tuple[Node, ...]
    yields: tuple[Node, ...]

    @property
    def entries(self) -> tuple[Node, ...]:
        """Body inputs in the order of the scan's operands."""
        return (*self.carries, *self.sequences, *self.constants)


def take_apart(node: Node) -> Scan:
    """The parts of a scan node."""
    body: Graph = node.attrs["body"]
    entries = tuple(entry for name, entry in body.inputs.items() if name != INDEX)
    outputs = tuple(body.outputs.values())
    carries: int = node.attrs["carries"]
    constants = carries + node.attrs["sequences"]
    return Scan(
        body,
        carries=entries[:carries],
        sequences=entries[carries:constants],
        constants=entries[constants:],
        index=body.inputs.get(INDEX),
        next_carries=outputs[:carries],
        yields=outputs[carries:],
    )


@dataclass
class ScanDraft:
    """A scan in the making. The methods that add an entry return what the body sees of it.

    Attributes:
        like: the scan node that gives length, direction and truncation.
        new: for nodes of the old body, the nodes of the new body.
    """

    like: Node
    new: dict[int, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A draft builds a body of its own, node by node."""
        self.body = Graph(self.like.attrs["body"].name)
        self.builder = Builder(self.body)
        self._entries: dict[str, list[Node]] = {"c": [], "s": [], "k": []}
        self._operands: dict[str, list[Node]] = {"c": [], "s": [], "k": []}
        self._results: dict[str, list[Node]] = {"c": [], "y": []}

    def carry(self, initial: Node) -> Node:
        """Adds a carried value."""
        return self._enter("c", initial)

    def sequence(self, whole: Node) -> Node:
        """Adds a sequence."""
        return self._enter("s", whole)

    def constant(self, value: Node) -> Node:
        """Adds a value that is the same in each step."""
        return self._enter("k", value)

    def index(self, entry: Node) -> Node:
        """Adds the position in the sequences."""
        return self.builder.input(INDEX, entry.type)

    def copy(self, node: Node) -> Node:
        """A node of the old body in the new body, whose operands are there already."""
        inputs = tuple(self.new[operand.id] for operand in node.inputs)
        with self.builder.at(node.span, node.scope):
            self.new[node.id] = self.builder.apply(node.op, *inputs, **node.attrs)
        return self.new[node.id]

    def next_carry(self, node: Node) -> int:
        """States the next value of the next carry; returns the number of the scan's result."""
        self._results["c"].append(node)
        return len(self._results["c"]) - 1

    def stack(self, node: Node) -> int:
        """Adds a yield; returns the number of the scan's result. Carries must be complete."""
        if node not in self._results["y"]:
            self._results["y"].append(node)
        return len(self._results["c"]) + self._results["y"].index(node)

    def finish(self, g: Builder) -> Node:
        """The scan node."""
        inputs = [entry for role in self._entries.values() for entry in role]
        inputs += [node for name, node in self.body.inputs.items() if name == INDEX]
        self.body.inputs = {node.attrs["name"]: node for node in inputs}
        for letter, nodes in self._results.items():
            self.body.outputs.update({f"{letter}{number}": node for number, node in enumerate(nodes)})
        operands = [operand for role in self._operands.values() for operand in role]
        counts = {"carries": len(self._entries["c"]), "sequences": len(self._entries["s"])}
        kept = {name: self.like.attrs[name] for name in ("length", "reverse", "truncate")}
        return g.scan(*operands, body=dce.run(self.body), **counts, **kept)

    def _enter(self, role: str, outer: Node) -> Node:
        if role != "c" and outer in self._operands[role]:
            return self._entries[role][self._operands[role].index(outer)]
        element = outer.type.with_shape(outer.type.shape[1:]) if role == "s" else outer.type
        entry = self.builder.input(f"{role}{len(self._entries[role])}", element)
        self._entries[role].append(entry)
        self._operands[role].append(outer)
        return entry


def rewrite_scans(graph: Graph, rebuild: Rebuild) -> Graph:
    """The graph with each scan replaced by what `rebuild(g, scan, operands, used)` returns; None keeps it.

    `used` are the numbers of the results that something reads. Scans in bodies are the caller's concern.
    """
    used: dict[int, set[int]] = {node.id: set() for node in graph if node.op == "scan"}
    for node in graph:
        if node.op == "item" and node.inputs[0].id in used:
            used[node.inputs[0].id].add(node.attrs["index"])
    replaced: dict[int, Results] = {}

    def rule(g: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.op == "scan":
            results = rebuild(g, node, inputs, used[node.id])
            if results is not None:
                replaced[node.id] = results
                return next((result for result in results if result is not None), None)
        if node.op == "item" and node.inputs[0].id in replaced:
            result: Node | None = replaced[node.inputs[0].id][node.attrs["index"]]
            return result
        return None

    return dce.run(rewrite(graph, rule)) if used else graph
