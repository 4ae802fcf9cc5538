"""The stage that replaces `grad` nodes by the nodes that compute them.

Input: a graph. Output: an equal graph without `grad` nodes, also inside loops, and without dead nodes. All
gradients of one y are built by one reverse sweep; inner gradients come first, so that outer ones can go
through.
"""

from __future__ import annotations

from treadle.autodiff import scan_merge
from treadle.autodiff.reverse import gradients, zeros_like
from treadle.ir import Builder, Graph, Node, copy_node, rewrite
from treadle.ir.rewrite import transfer_ends
from treadle.ops import REGISTRY


def run(graph: Graph) -> Graph:
    """Expands all gradients; the graph itself when there are none.

    Raises:
        TreadleError: E1101 when an op on the way has no derivative rule.
    """
    if not has_gradients(graph):
        return graph
    merged = scan_merge.run(_Expansion(graph).run())
    return rewrite(merged, lambda _builder, _node, _inputs: None)


def has_gradients(graph: Graph) -> bool:
    """Whether a `grad` node is in the graph or in a loop body of it."""
    return any(
        node.op == "grad" or (node.op == "scan" and has_gradients(node.attrs["body"])) for node in graph
    )


class _Expansion:
    """One walk over a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._result = Graph(graph.name)
        self._g = Builder(self._result)
        self._new: dict[int, Node] = {}
        self._needed = graph.ancestors(graph.roots())
        self._bodies: dict[int, Graph] = {}
        self._found: dict[tuple[int, int], Node] = {}  # gradients by the old ids of y and x

    def run(self) -> Graph:
        for node in self._graph:
            if node.id in self._needed or "leaf" in REGISTRY[node.op].traits:
                inputs = tuple(self._new[operand.id] for operand in node.inputs)
                with self._g.at(node.span, node.scope):
                    self._new[node.id] = self._replacement(node, inputs)
        transfer_ends(self._graph, self._result, self._new)
        return self._result

    def _replacement(self, node: Node, inputs: tuple[Node, ...]) -> Node:
        op = REGISTRY[node.op]
        if node.op == "grad":
            return self._gradient(*node.inputs)
        if node.op == "scan":
            return copy_node(self._g, node, inputs, body=self._body(node.attrs["body"]))
        if op.decompose is not None and op.vjp is None:
            decomposed: Node = op.decompose(self._g, *inputs, **node.attrs)
            return decomposed
        return copy_node(self._g, node, inputs)

    def _body(self, body: Graph) -> Graph:
        """The body without gradients: the same one for scans that share it, so that they stay equal."""
        if id(body) not in self._bodies:
            self._bodies[id(body)] = run(body)
        return self._bodies[id(body)]

    def _gradient(self, y: Node, x: Node) -> Node:
        if (y.id, x.id) not in self._found:
            xs = [other for other in self._asked_of(y) if other.id <= y.id] or [x]
            nodes = gradients(self._g, self._new[y.id], [self._new[other.id] for other in xs])
            self._found |= {(y.id, other.id): node for other, node in zip(xs, nodes, strict=True)}
        # what is younger than y cannot be above it
        return self._found.get((y.id, x.id)) or zeros_like(self._g, x.type)

    def _asked_of(self, y: Node) -> list[Node]:
        """All that y is differentiated in, each once."""
        users = [user for user, slot in self._graph.users(y) if user.op == "grad" and slot == 0]
        xs = {user.inputs[1].id: user.inputs[1] for user in users if user.id in self._needed}
        return [xs[x_id] for x_id in sorted(xs)]
