"""What is stored: the nodes that get a place in memory (or a named value in a fused kernel), rather than
being computed inside the loops of their users.

Input: a graph with static shapes. Output: ids of stored nodes. Reductions, products and whatever crosses a
scan are always stored; elementwise values and views are, when computing them anew for each use would cost
more than a pass through memory.
"""

from __future__ import annotations

from math import prod

from treadle.ir import Graph, Node
from treadle.lower.families import is_inlinable
from treadle.lower.stage import ACCUMULATING, HEAVY, HEAVY_COST, SEARCHING
from treadle.lower.storage import Buffer, BufferKind, view, whole
from treadle.lower.windows import folds_without_overlap
from treadle.types import DType

PRODUCTS = frozenset({"matmul", "conv", "conv_input_grad", "conv_filter_grad"})
SWEEPS = frozenset(
    [
        "cumsum",
        "scatter_add",
        "scatter_add_along",
        "scatter_add_into",
        "scatter_max",
        "scatter_max_along",
        "argsort",
        "solve",
        "det",
        "eigenvectors",
    ]
)
LEAVES = frozenset({"input", "param", "state", "table"})
VIEWS = frozenset({"reshape", "transpose", "broadcast_to", "slice", "flip", "windows", "stop_grad", "item"})
_FREE = frozenset({"const", "iota"})
_GATHERS = frozenset({"take", "take_along", "random_uniform", "random_normal", "fold_in"})

CHEAP = 4  # operations and loads that cost no more than a store and a load
CHEAP_SCALAR = 12
GUARDED = 12  # what may be computed under a condition, where nothing can be shared
LARGEST = 80  # the most that one expression may hold


def stored_nodes(graph: Graph) -> set[int]:
    """Ids of all nodes that are stored, leaves included."""
    return _Decision(graph).stored


class _Decision:
    def __init__(self, graph: Graph) -> None:
        needed = graph.ancestors(graph.roots())
        self.nodes = [node for node in graph if node.id in needed]
        self.users: dict[int, list[Node]] = {node.id: [] for node in self.nodes}
        for node in self.nodes:
            for operand in dict.fromkeys(node.inputs):
                self.users[operand.id].append(node)
        self.stored = {node.id for node in self.nodes if always_stored(node)}
        self.stored |= {node.id for node in graph.roots()}
        for node in self.nodes:
            self._store_operands(node)
        self.cost: dict[int, int] = {}
        self.gathers: dict[int, bool] = {}
        for node in self.nodes:
            self._decide(node)

    def _store_operands(self, node: Node) -> None:
        if node.op in PRODUCTS or node.op == "scan" or node.op in SWEEPS:
            for operand in node.inputs:
                self._store_addressable(operand, contiguous=node.op.startswith("conv"))

    def _store_addressable(self, node: Node, *, contiguous: bool) -> None:
        """Stores what a view is taken of, if the view can then be addressed by strides; else the view
        itself."""
        source = node
        while source.op in VIEWS and source.op != "item" and source.id not in self.stored:
            source = source.inputs[0]
        self.stored.add(source.id if is_addressable(node, source, contiguous=contiguous) else node.id)

    def _decide(self, node: Node) -> None:
        if node.id in self.stored:
            self._forget_cost(node)
            return
        self.cost[node.id] = _own_cost(node) + sum(self.cost[operand.id] for operand in node.inputs)
        self.gathers[node.id] = node.op in _GATHERS or any(self.gathers[o.id] for o in node.inputs)
        if self._is_worth_storing(node):
            self._store_source(node)

    def _forget_cost(self, node: Node) -> None:
        self.cost[node.id], self.gathers[node.id] = 1, False

    def _store_source(self, node: Node) -> None:
        """Stores a node, or what it is a plain view of."""
        while is_seen_through(node) and node.inputs[0].id not in self.stored:
            node = node.inputs[0]
        self.stored.add(node.id)
        self._forget_cost(node)

    def _is_worth_storing(self, node: Node) -> bool:
        cost, size = self.cost[node.id], _size(node)
        cheap = CHEAP_SCALAR if size == 1 else CHEAP
        if cost <= cheap and not self.gathers[node.id]:
            return False
        if self._uses(node) > 1 or cost > LARGEST:
            return cost > cheap
        return any(self._multiplies(user, node, cost) for user in self.users[node.id])

    def _uses(self, node: Node) -> int:
        """How many computations read a node, directly or through views."""
        return sum(
            self._uses(user) if is_seen_through(user) and user.id not in self.stored else 1
            for user in self.users[node.id]
        )

    def _multiplies(self, user: Node, node: Node, cost: int) -> bool:
        """Whether a user would compute a node more often than it has elements, or under a condition."""
        if user.op in {"pad", "fold_windows", "concat"}:
            overlaps = user.op == "fold_windows" and not folds_without_overlap(user)
            return self.gathers[node.id] or cost > (CHEAP if overlaps else GUARDED)
        if is_seen_through(user) and user.id not in self.stored:
            grows = _size(user) > _size(node) > 1 and cost > CHEAP
            return grows or any(self._multiplies(above, node, cost) for above in self.users[user.id])
        return 1 < _size(node) < _size(user) and cost > CHEAP


def always_stored(node: Node) -> bool:
    """Whether a node has a place in memory whatever its users are."""
    if node.op == "fold_windows":
        return not folds_without_overlap(node)
    kinds = (ACCUMULATING, SEARCHING, PRODUCTS, SWEEPS, LEAVES)
    return (
        any(node.op in kind for kind in kinds)
        or node.op in {"concat", "scan", "item"}
        or not is_inlinable(node)
    )


def is_seen_through(node: Node) -> bool:
    """Whether a node is no work of its own: a view, or a float of two bytes as float32, part of a load."""
    if node.op == "cast":
        return node.inputs[0].type.dtype.is_half and node.type.dtype is DType.F32
    return node.op in VIEWS


def is_addressable(node: Node, source: Node, *, contiguous: bool = False) -> bool:
    """Whether a view of a contiguous tensor can be read by strides."""
    if node is source:
        return True
    below = node.inputs[0]
    if not is_addressable(below, source):
        return False
    return _strides(node, source, contiguous)


def _strides(node: Node, source: Node, contiguous: bool) -> bool:
    chain = []
    while node is not source:
        chain.append(node)
        node = node.inputs[0]
    type_ = source.type
    place = whole(Buffer("", type_.dtype, 0, BufferKind.ARENA), type_.static_shape())
    for step in reversed(chain):
        seen = view(step, place)
        if seen is None:
            return False
        place = seen
    return place.is_contiguous or not contiguous


def _own_cost(node: Node) -> int:
    if node.op in _FREE or is_seen_through(node):
        return 0
    return HEAVY_COST if node.op in HEAVY else 1


def _size(node: Node) -> int:
    return prod(node.type.static_shape())
