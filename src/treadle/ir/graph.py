"""The graph: nodes in creation order, their users, the named ends, and all of it as a networkx MultiDiGraph.

The networkx view is keyed by operand slot, because a plain `DiGraph` cannot hold `x * x`. It is made on
demand: importing networkx alone takes longer than checking a small spec. A graph only grows; passes build
new graphs. Node creation (types, hash-consing) lives in `ir/builder.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from treadle.ir.node import Node
from treadle.ops.opdef import AnyType
from treadle.source import Span
from treadle.types import Dim

RNG_INPUT = "$rng"  # i64[2]: the seed and the step number, given by the runtime
STEP_INPUT = "$step"  # i64[]: the number of the optimizer step, from 0, given by the runtime


class Graph:
    """A computation: nodes, and names for what enters and leaves.

    Attributes:
        name: for messages and text forms.
        inputs: values given at each run (model inputs, targets, `$rng`, `$step`), by name.
        params: trainable values that persist between runs.
        states: other values that persist (running averages, optimizer moments).
        outputs: results, by name: `loss`, `loss:NAME`, `metric:NAME`, `output:NAME`; in a scan body in order.
        updates: for params and states, by leaf name, the node whose value replaces the old one after the run.
    """

    def __init__(self, name: str = "graph") -> None:
        self.name = name
        self.inputs: dict[str, Node] = {}
        self.params: dict[str, Node] = {}
        self.states: dict[str, Node] = {}
        self.outputs: dict[str, Node] = {}
        self.updates: dict[str, Node] = {}
        self._nodes: list[Node] = []
        self._users: list[list[tuple[Node, int]]] = []
        self._view: Any = None

    def __iter__(self) -> Iterator[Node]:
        """Nodes in creation order, which is a topological order."""
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, node_id: int) -> Node:
        return self._nodes[node_id]

    def add(
        self,
        op: str,
        inputs: tuple[Node, ...],
        attrs: Mapping[str, Any],
        result: AnyType,
        span: Span | None,
        scope: str,
    ) -> Node:
        """Appends a node as it is; use a `Builder` for inferred types and hash-consing."""
        node = Node(len(self._nodes), op, inputs, attrs, result, span, scope)
        self._nodes.append(node)
        self._users.append([])
        for slot, operand in enumerate(inputs):
            self._users[operand.id].append((node, slot))
        return node

    @property
    def nx(self) -> Any:
        """The nodes, by id, and their operand edges, keyed by slot, as a `networkx.MultiDiGraph`."""
        import networkx  # noqa: PLC0415 - see the head of this file

        if self._view is None:
            self._view = networkx.MultiDiGraph()
        for node in self._nodes[self._view.number_of_nodes() :]:
            self._view.add_node(node.id)
            self._view.add_edges_from((operand.id, node.id, slot) for slot, operand in enumerate(node.inputs))
        return self._view

    def users(self, node: Node) -> list[tuple[Node, int]]:
        """The nodes that read a node, with the operand slot, in creation order."""
        return list(self._users[node.id])

    def leaves(self) -> dict[str, Node]:
        """Params and states by name: everything that persists."""
        return {**self.params, **self.states}

    def roots(self) -> list[Node]:
        """Nodes that must be computed: outputs and updates."""
        return [*self.outputs.values(), *self.updates.values()]

    def ancestors(self, nodes: Iterable[Node]) -> set[int]:
        """Ids of the nodes that some of `nodes` depend on, themselves included."""
        found: set[int] = set()
        stack = [node.id for node in nodes]
        while stack:
            node_id = stack.pop()
            if node_id not in found:
                found.add(node_id)
                stack.extend(operand.id for operand in self._nodes[node_id].inputs)
        return found

    def descendants(self, nodes: Iterable[Node]) -> set[int]:
        """Ids of the nodes that depend on some of `nodes`, themselves included."""
        found = {node.id for node in nodes}
        for node in self._nodes:
            if any(operand.id in found for operand in node.inputs):
                found.add(node.id)
        return found

    def symbols(self) -> list[str]:
        """Names of all symbolic dimensions, in order of appearance: of types and of attributes."""
        names: dict[str, None] = {}
        for node in self._nodes:
            results = node.result if isinstance(node.result, tuple) else (node.result,)
            for dim in (*(dim for result in results for dim in result.shape), node.attrs.get("value")):
                if isinstance(dim, Dim):
                    names.update(dict.fromkeys(sorted(dim.symbols)))
        return list(names)
