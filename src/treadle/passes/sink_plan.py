"""Decides what leaves a scan to be done after the loop.

Input: the parts of a scan and the numbers of the results that are read. Output: the carries that only gather,
the yields that leave, and the body nodes that must be stacked for them. Non-goals: moving (`scan_sink`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from treadle.ir import Node
from treadle.passes.batching import can_batch
from treadle.passes.scan_hoist import HEAVY
from treadle.passes.scans import Scan
from treadle.passes.totals import LINEAR, gathers, multiplies

_LOOKED_THROUGH = {"transpose", "reshape", "broadcast_to"}


class Term(NamedTuple):
    """What a gathering carry adds in each step, or takes away."""

    node: Node
    sign: int


@dataclass(frozen=True)
class SinkPlan:
    """What leaves.

    Attributes:
        scan: the scan that is planned for.
        sums: for carries that leave, by number, their terms.
        yields: numbers of the results that are computed after the loop.
        frontier: body nodes that the work after the loop reads.
    """

    scan: Scan
    sums: dict[int, tuple[Term, ...]]
    yields: set[int]
    frontier: tuple[Node, ...]


def plan_sinking(scan: Scan, used: set[int]) -> SinkPlan:
    """The plan for one scan. Carries whose terms cannot be summed in one go stay."""
    sums = _gathering_carries(scan)
    while True:
        planner = _Planner(scan, used, sums)
        rejected = [index for index, terms in sums.items() if not planner.accepts(terms)]
        if not rejected:
            return planner.plan()
        for index in rejected:
            del sums[index]


def _gathering_carries(scan: Scan) -> dict[int, tuple[Term, ...]]:
    uses = Counter(operand.id for node in scan.body for operand in node.inputs)
    uses.update(node.id for node in (*scan.next_carries, *scan.yields))
    found: dict[int, tuple[Term, ...]] = {}
    for index, (entry, leaving) in enumerate(zip(scan.carries, scan.next_carries, strict=True)):
        terms = _terms(leaving, entry, uses) if uses[entry.id] == 1 else None
        if terms:
            found[index] = terms
    return found


def _terms(node: Node, entry: Node, uses: Counter[int]) -> tuple[Term, ...] | None:
    """The terms that are added to `entry` to give `node`, if nothing else reads the sums in between."""
    if node is entry:
        return ()
    if node.op not in {"add", "sub"} or uses[node.id] != 1:
        return None
    a, b = node.inputs
    left = _terms(a, entry, uses)
    if left is not None:
        return (*left, Term(b, 1 if node.op == "add" else -1))
    right = _terms(b, entry, uses) if node.op == "add" else None
    return None if right is None else (*right, Term(a, 1))


class _Planner:
    """Finds the late nodes of a body: those that leave if the carries in `sums` do."""

    def __init__(self, scan: Scan, used: set[int], sums: dict[int, tuple[Term, ...]]) -> None:
        self.scan = scan
        self.sums = sums
        count = len(scan.carries)
        self.wanted = {index: scan.yields[index - count] for index in used if index >= count}
        kept = [node for index, node in enumerate(scan.next_carries) if index not in sums]
        self.core = scan.body.ancestors(kept)
        self.needed = scan.body.ancestors(self.wanted.values())
        self.varying, self.carried = self._dependence()
        self.late = self._late()
        self.stacked = {node.id for node in self.wanted.values()} | set(self._frontier(self._heavy_terms()))

    def accepts(self, terms: tuple[Term, ...]) -> bool:
        """Whether all terms can be summed after the loop without stacking anything for cheap ones alone."""
        return all(self._is_summable(term.node) for term in terms)

    def plan(self) -> SinkPlan:
        yields = {index for index, node in self.wanted.items() if node.id in self.late}
        gathered = [term.node for terms in self.sums.values() for term in terms]
        frontier = self._frontier(gathered)
        return SinkPlan(
            self.scan, self.sums, yields, tuple(frontier[node_id] for node_id in sorted(frontier))
        )

    def _dependence(self) -> tuple[set[int], set[int]]:
        """Nodes that vary with the step; nodes that depend on a carry."""
        scan = self.scan
        carried = {entry.id for entry in scan.carries}
        varying = carried | {entry.id for entry in scan.sequences}
        varying |= {scan.index.id} if scan.index else set()
        for node in scan.body:
            operands = {operand.id for operand in node.inputs}
            if operands & varying:
                varying.add(node.id)
                if operands & carried or not can_batch(node, varying):
                    carried.add(node.id)
        return varying, carried

    def _late(self) -> set[int]:
        """Heavy nodes outside of the recurrence and what they feed, where all of it can be batched."""
        blocked: set[int] = set()
        while True:
            late: set[int] = set()
            for node in self.scan.body:
                seeds = node.op in HEAVY and node.id in self.carried
                follows = any(operand.id in late for operand in node.inputs)
                if node.id in self.needed and node.id not in self.core | blocked and (seeds or follows):
                    late.add(node.id)
            stuck = [node for node in self._nodes(late) if not self._can_leave(node, late)]
            if not stuck:
                return late
            blocked |= self.scan.body.ancestors(stuck) & late

    def _can_leave(self, node: Node, late: set[int]) -> bool:
        users = [user.id for user, _ in self.scan.body.users(node)]
        return can_batch(node, self.varying) and all(user in late for user in users if user in self.needed)

    def _nodes(self, ids: set[int]) -> list[Node]:
        return [self.scan.body[node_id] for node_id in sorted(ids)]

    def _heavy_terms(self) -> list[Node]:
        terms = (term.node for terms in self.sums.values() for term in terms)
        return [node for node in terms if node.id in self.late or multiplies(node)]

    def _is_summable(self, node: Node) -> bool:
        if node.id in self.late or node.id not in self.carried or multiplies(node):
            return True
        return gathers(node) and set(self._frontier([node])) <= self.stacked

    def _frontier(self, gathered: list[Node]) -> dict[int, Node]:
        """The last nodes that are still computed in the loop, for late yields and for sums of nodes."""
        found: dict[int, Node] = {}
        seen: set[int] = set()
        stack = [node for node in self.wanted.values() if node.id in self.late]
        for node in gathered:
            stack.extend(self._summed_operands(node))
        while stack:
            node = stack.pop()
            if node.id in seen or node.id not in self.carried:
                continue
            seen.add(node.id)
            if node.id in self.late or node.op in _LOOKED_THROUGH:
                stack.extend(node.inputs)
            else:
                found[node.id] = node
        return found

    def _summed_operands(self, node: Node) -> list[Node]:
        """What must be outside for the sum of a node over the steps."""
        if node.id in self.late or not gathers(node):
            return [node]
        if node.op in LINEAR:
            return [inner for operand in node.inputs for inner in self._summed_operands(operand)]
        return list(node.inputs)
