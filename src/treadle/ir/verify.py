"""The invariants of a graph, checked after each stage and pass in tests and on demand.

Input: a graph. Output: nothing, or an error that names the first node or end that breaks a rule.
Non-goals: numerical agreement (property tests do that); repair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from treadle.errors import fail
from treadle.ir.graph import Graph
from treadle.ir.node import Node
from treadle.ir.text_print import print_node, print_type
from treadle.ops import REGISTRY
from treadle.ops.opdef import TypeRuleError

_LEAVES = {"input": "inputs", "param": "params", "state": "states"}


def verify(graph: Graph, after: str = "") -> None:
    """Checks nodes, types, ends, updates and the bodies of scans.

    Raises:
        TreadleError: E1102, with the node named, where an invariant does not hold. `after` names the stage or
        pass that made the graph.
    """
    _Verifier(graph, f" after {after}" if after else "").run()


class _Verifier:
    def __init__(self, graph: Graph, where: str) -> None:
        self._graph = graph
        self._where = where

    def run(self) -> None:
        for position, node in enumerate(self._graph):
            self._check_place(node, position)
            self._check_type(node)
            if node.op in _LEAVES:
                self._check_leaf(node)
            if node.op == "scan":
                self._check_scan(node)
        self._check_ends()
        self._check_updates()

    def _check_place(self, node: Node, position: int) -> None:
        if node.id != position:
            self._refuse(node, f"stands at position {position}")
        for operand in node.inputs:
            if operand.id >= node.id or self._graph[operand.id] is not operand:
                self._refuse(node, f"operand %{operand.id} is not an earlier node of the same graph")
        edges = sorted((slot, source) for source, _, slot in self._graph.nx.in_edges(node.id, keys=True))
        if edges != [(slot, operand.id) for slot, operand in enumerate(node.inputs)]:
            self._refuse(node, f"has edges {edges} that differ from its operands")

    def _check_type(self, node: Node) -> None:
        if node.op not in REGISTRY:
            self._refuse(node, "is no registered op")
        op = REGISTRY[node.op]
        if set(node.attrs) != set(op.attrs):
            self._refuse(node, f"has attributes {sorted(node.attrs)}, not {sorted(op.attrs)}")
        for operand in node.inputs:
            if isinstance(operand.result, tuple) and node.op != "item":
                self._refuse(node, f"operand %{operand.id} has several results")
        try:
            inferred = op.infer([operand.result for operand in node.inputs], node.attrs)  # type: ignore[misc]
        except TypeRuleError as error:
            self._refuse(node, f"breaks its own type rule: {error.message}")
        if inferred != node.result:
            self._refuse(node, f"should be {print_type(inferred)}")

    def _check_leaf(self, node: Node) -> None:
        name = node.attrs["name"]
        if getattr(self._graph, _LEAVES[node.op]).get(name) is not node:
            self._refuse(node, f"is not listed among the {_LEAVES[node.op]} as {name!r}")

    def _check_scan(self, node: Node) -> None:
        body: Graph = node.attrs["body"]
        carries: int = node.attrs["carries"]
        if body.params or body.states or body.updates:
            self._refuse(node, "has a body with params, states or updates of its own")
        verify(body, f"{self._where.removeprefix(' after ')} (body of %{node.id})".strip())
        entries = list(body.inputs.values())
        for slot, (operand, entry) in enumerate(zip(node.inputs, entries, strict=False)):
            sequence = carries <= slot < carries + node.attrs["sequences"]
            expected = operand.type.with_shape(operand.type.shape[1:]) if sequence else operand.type
            if entry.type != expected:
                self._refuse(node, f"body input {entry.attrs['name']!r} is {entry.type}, not {expected}")
        for entry, leaving in zip(entries[:carries], body.outputs.values(), strict=False):
            if entry.type != leaving.type:
                name = entry.attrs["name"]
                self._refuse(node, f"carry {name!r} enters as {entry.type} and leaves as {leaving.type}")

    def _check_ends(self) -> None:
        graph = self._graph
        for kind in ("inputs", "params", "states", "outputs", "updates"):
            ends: Mapping[str, Node] = getattr(graph, kind)
            for name, node in ends.items():
                if node.id >= len(graph) or graph[node.id] is not node:
                    self._refuse_end(f"{kind} {name!r} is %{node.id} of another graph")
                if isinstance(node.result, tuple):
                    self._refuse_end(f"{kind} {name!r} is %{node.id}, which has several results")

    def _check_updates(self) -> None:
        leaves = self._graph.leaves()
        for name, node in self._graph.updates.items():
            if name not in leaves:
                self._refuse_end(f"update {name!r} has no param or state of that name")
            if node.type != leaves[name].type:
                self._refuse_end(f"update {name!r} is {node.type}, but the leaf is {leaves[name].type}")

    def _refuse(self, node: Node, message: str) -> NoReturn:
        fail("E1102", f"graph {self._graph.name!r}{self._where}: {print_node(node)}: {message}", node.span)

    def _refuse_end(self, message: str) -> NoReturn:
        fail("E1102", f"graph {self._graph.name!r}{self._where}: {message}")
