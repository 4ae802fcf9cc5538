"""Units: what is scheduled as one - a fused kernel, a sweep, a product with its epilogue, a scan, a copy.

Input: a graph and which of its nodes are stored. Output: units with the stored nodes that each makes and
reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from treadle.ir import Graph, Node
from treadle.lower.columns import is_columnwise
from treadle.lower.fuse import Group, fresh_group, join
from treadle.lower.realise import LEAVES, PRODUCTS, SWEEPS, VIEWS
from treadle.lower.stage import Stage, build_stage, pieces
from treadle.lower.target import Target


@dataclass(eq=False)
class Unit:
    """A piece of work.

    Attributes:
        makes: stored nodes that it computes, in order.
        reads: ids of stored nodes that it needs (its own results excluded).
        group: the stages of a fused kernel, or of a product's epilogue.
        root: the node, for products, sweeps and scans.
        after: units that must run before this one although it reads nothing of them.
    """

    makes: dict[int, Node] = field(default_factory=dict)
    reads: set[int] = field(default_factory=set)
    group: Group | None = None
    root: Node | None = None
    after: set[Unit] = field(default_factory=set)

    @property
    def first(self) -> int:
        """The smallest id of its nodes: where it stands in the graph's order."""
        return min(self.makes)


class Units:
    """All units of a graph."""

    def __init__(self, graph: Graph, stored: set[int], target: Target) -> None:
        self.graph = graph
        self.target = target
        self.stored = stored
        needed = graph.ancestors(graph.roots())
        self.nodes = [node for node in graph if node.id in needed]
        self.users = _count_users(self.nodes)
        self.units: list[Unit] = []
        self.makers: dict[int, list[Unit]] = {}
        for node in self.nodes:
            if node.id in stored and node.op not in LEAVES:
                self._place(node)

    def _place(self, node: Node) -> None:
        if node.op == "item":
            self._own(self.makers[node.inputs[0].id][0], node)
        elif node.op in PRODUCTS or node.op in SWEEPS or node.op == "scan":
            reads = {source.id for operand in node.inputs for source in self.sources(operand)}
            self._own(self._new(Unit(reads=reads, root=node)), node)
        else:
            for piece in pieces(node):
                self._fuse(build_stage(node, piece, self.stored, self.users))

    def sources(self, node: Node) -> Iterable[Node]:
        """The stored nodes that the value of a node is read from."""
        if node.id in self.stored:
            return [node]
        return [source for operand in node.inputs for source in self.sources(operand)]

    def _new(self, unit: Unit) -> Unit:
        self.units.append(unit)
        return unit

    def _own(self, unit: Unit, node: Node) -> None:
        unit.makes[node.id] = node
        makers = self.makers.setdefault(node.id, [])
        if unit not in makers:
            makers.append(unit)

    def _fuse(self, stage: Stage) -> None:
        unit = (
            None
            if is_columnwise(stage, self.target)
            else next((u for u in self._candidates(stage) if self._joins(u, stage)), None)
        )
        if unit is None:
            unit = self._new(Unit(group=fresh_group(stage)))
        self._own(unit, stage.node)
        read = {read.node.id for read in stage.reads}
        for node_id in read & set(unit.makes):  # of which other units may make other parts
            unit.after |= {maker for maker in self.makers[node_id] if maker is not unit}
        unit.reads = (unit.reads | read) - set(unit.makes)

    def _candidates(self, stage: Stage) -> list[Unit]:
        """Units that a stage might join: those it reads from, latest first, then those that read what it
        reads."""
        reads = {read.node.id for read in stage.reads}
        makers = [u for u in reversed(self.units) if u.group is not None and reads & set(u.makes)]
        sharers = [
            u for u in reversed(self.units) if u.group is not None and reads & u.reads and u not in makers
        ]
        return makers + sharers

    def _joins(self, unit: Unit, stage: Stage) -> bool:
        if unit.group is None or any(is_columnwise(other, self.target) for other in unit.group.stages):
            return False
        others = [u for read in stage.reads for u in self.makers.get(read.node.id, []) if u is not unit]
        return not self.reaches(unit, others) and join(unit.group, stage, self.target)

    def reaches(self, start: Unit, ends: Iterable[Unit]) -> bool:
        """Whether one of `ends` needs `start`, directly or through others (or is it)."""
        stack, seen = list(ends), set[Unit]()
        while stack:
            unit = stack.pop()
            if unit is start:
                return True
            if unit not in seen:
                seen.add(unit)
                stack.extend(self.before(unit))
        return False

    def before(self, unit: Unit) -> set[Unit]:
        """The units that must run before one."""
        found = {maker for read in unit.reads for maker in self.makers.get(read, [])}
        return (found | unit.after) - {unit}

    def readers(self, node_id: int) -> list[Unit]:
        """The units that read a stored node."""
        return [unit for unit in self.units if node_id in unit.reads]

    def merge(self, unit: Unit, absorbed: Unit) -> None:
        """Makes one unit part of another, which then makes and reads what both did."""
        unit.group = absorbed.group
        unit.after |= absorbed.after
        for other in self.units:
            if absorbed in other.after:
                other.after = (other.after - {absorbed}) | {unit}
        unit.after -= {unit, absorbed}
        unit.makes |= absorbed.makes
        unit.reads = (unit.reads | absorbed.reads) - set(unit.makes)
        for node_id in absorbed.makes:
            self.makers[node_id] = [unit if maker is absorbed else maker for maker in self.makers[node_id]]
        self.units.remove(absorbed)

    def order(self) -> list[Unit]:
        """The units in an order in which they can run.

        What only writes results comes first, since it frees memory; then the graph's order.
        """
        read = {node_id for unit in self.units for node_id in unit.reads}
        waiting = {unit: len(self.before(unit)) for unit in self.units}
        after: dict[Unit, list[Unit]] = {unit: [] for unit in self.units}
        for unit in self.units:
            for other in self.before(unit):
                after[other].append(unit)

        def rank(unit: Unit) -> tuple[bool, int, int]:
            return not read.isdisjoint(unit.makes), unit.first, number[unit]

        number = {unit: place for place, unit in enumerate(self.units)}
        ready = [(rank(unit), unit) for unit, count in waiting.items() if count == 0]
        heapify(ready)
        done: list[Unit] = []
        while ready:
            done.append(heappop(ready)[1])
            for unit in after[done[-1]]:
                waiting[unit] -= 1
                if waiting[unit] == 0:
                    heappush(ready, (rank(unit), unit))
        return done


def _count_users(nodes: list[Node]) -> dict[int, int]:
    users = {node.id: 0 for node in nodes}
    for node in nodes:
        for operand in dict.fromkeys(node.inputs):
            users[operand.id] += 1
    return users


def is_view(node: Node) -> bool:
    """Whether a node only names elements of its operand."""
    return node.op in VIEWS and node.op != "item"
