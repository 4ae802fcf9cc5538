"""Pass: moves work that does not depend on carries out of scans, to before the loop.

What is the same in each step is computed once. A matrix product of a sequence's elements becomes one large
product over all steps, together with what only it feeds; yields that need no carries leave the loop. Cheap
work on sequences stays, since the loop would have to read its result from memory. Input: any graph.
Non-goals: work after the recurrence (`scan_sink`).
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.passes import dce
from treadle.passes.batching import Batcher, can_batch, enter, outside
from treadle.passes.bodies import rewrite_bodies
from treadle.passes.patterns import has_trait
from treadle.passes.scans import Results, Scan, ScanDraft, rewrite_scans, take_apart

HEAVY = frozenset({"matmul", "conv", "conv_input_grad", "conv_filter_grad", "scan"})


def run(graph: Graph) -> Graph:
    """The graph with work moved before its scans."""
    return rewrite_scans(dce.run(rewrite_bodies(graph, run)), _hoisted)


def _hoisted(g: Builder, node: Node, operands: tuple[Node, ...], used: set[int]) -> Results | None:
    scan = take_apart(node)
    if any(inner.op == "grad" for inner in scan.body):
        return None  # y would leave without what it is differentiated by
    sorting = _Sorting(scan)
    leaving = {index for index in used if index >= len(scan.carries)}
    leaving = {index for index in leaving if scan.yields[index - len(scan.carries)].id not in sorting.carried}
    if not sorting.leaving and not leaving:
        return None
    batch = outside(g, node, scan, operands)
    draft = ScanDraft(node)
    for entry, outer in zip(scan.carries, operands, strict=False):
        draft.new[entry.id] = draft.carry(outer)
    places = _loop(draft, batch, sorting, used - leaving)
    results: Results = [None] * (len(scan.next_carries) + len(scan.yields))
    if places:
        new = draft.finish(g)
        for index, place in places.items():
            results[index] = g.item(new, index=place)
    for index in leaving:
        results[index] = batch.stacked(scan.yields[index - len(scan.carries)])
    return results


def _loop(draft: ScanDraft, batch: Batcher, sorting: _Sorting, used: set[int]) -> dict[int, int]:
    """Builds the body that stays; returns the new numbers of the results that stay."""
    scan = sorting.scan
    count = len(scan.carries)
    yields = {index: scan.yields[index - count] for index in sorted(used) if index >= count}
    for inner in _staying([*scan.next_carries, *yields.values()], sorting.leaving):
        if inner.id in sorting.leaving or (inner.op == "input" and inner.id not in draft.new):
            draft.new[inner.id] = enter(draft, batch, inner)
        elif inner.op != "input":
            draft.copy(inner)
    places = {index: draft.next_carry(draft.new[inner.id]) for index, inner in enumerate(scan.next_carries)}
    places.update({index: draft.stack(draft.new[inner.id]) for index, inner in yields.items()})
    return places


def _staying(roots: list[Node], leaving: set[int]) -> list[Node]:
    """The body nodes that the roots need; those that leave are the last that are looked at."""
    found: dict[int, Node] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.id not in found:
            found[node.id] = node
            if node.id not in leaving:
                stack.extend(node.inputs)
    return [found[node_id] for node_id in sorted(found)]


class _Sorting:
    """Which nodes of a body depend on what, and which of them leave.

    Attributes:
        carried: nodes that depend on a carry, or cannot be computed for all steps at once.
        stacked: other nodes that vary with the step.
        leaving: nodes that are computed before the loop.
    """

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.carried = {entry.id for entry in scan.carries}
        self.stacked = {entry.id for entry in scan.sequences} | ({scan.index.id} if scan.index else set())
        constant = {entry.id for entry in scan.constants}
        self.leaving: set[int] = set()
        for node in scan.body:
            self._sort(node, constant)

    def _sort(self, node: Node, constant: set[int]) -> None:
        operands = {operand.id for operand in node.inputs}
        if operands & self.carried or (operands & self.stacked and not can_batch(node, self.stacked)):
            self.carried.add(node.id)
        elif operands & self.stacked:
            self.stacked.add(node.id)
            follows = operands & self.leaving & self.stacked
            if node.op in HEAVY or (follows and _keeps_size(node)):
                self.leaving.add(node.id)
        elif operands & constant or node.op in HEAVY:
            constant.add(node.id)
            if not has_trait(node, "view"):
                self.leaving.add(node.id)


def _keeps_size(node: Node) -> bool:
    """Whether the loop reads no more with the node outside than it would without."""
    return any(operand.type.shape == node.type.shape for operand in node.inputs)
