"""Pass: moves work that no carry needs out of scans, to after the loop.

Two kinds of work leave. A carry that only gathers, `c' = c + f`, becomes a sum over all steps; where `f` is a
product of matrices, the gradient of a weight, it becomes one large product. A yield that needs a matrix
product of what the loop computes becomes one large product of what the loop yields instead. What such work
reads of the loop is stacked. Input: any graph. Non-goals: work before the recurrence (`scan_hoist`).
"""

from __future__ import annotations

from treadle.ir import Builder, Graph, Node
from treadle.passes import dce
from treadle.passes.batching import Batcher, enter, outside
from treadle.passes.bodies import rewrite_bodies
from treadle.passes.scans import Results, ScanDraft, rewrite_scans, take_apart
from treadle.passes.sink_plan import SinkPlan, Term, plan_sinking
from treadle.passes.totals import total


def run(graph: Graph) -> Graph:
    """The graph with work moved behind its scans."""
    return rewrite_scans(dce.run(rewrite_bodies(graph, run)), _sunk)


def _sunk(g: Builder, node: Node, operands: tuple[Node, ...], used: set[int]) -> Results | None:
    scan = take_apart(node)
    plan = plan_sinking(scan, used)
    if not plan.sums and not plan.yields:
        return None
    batch = outside(g, node, scan, operands)
    draft = ScanDraft(node)
    places = _loop(draft, batch, plan, operands, used)
    results: Results = [None] * (len(scan.next_carries) + len(scan.yields))
    if places or plan.frontier:
        _stack_frontier(g, draft, batch, plan, places, results)
    for index in plan.yields:
        results[index] = batch.stacked(scan.yields[index - len(scan.carries)])
    for index, terms in plan.sums.items():
        if index in used:
            results[index] = _gathered(batch, operands[index], terms)
    return results


def _loop(
    draft: ScanDraft, batch: Batcher, plan: SinkPlan, operands: tuple[Node, ...], used: set[int]
) -> dict[int, int]:
    """Builds the body that stays; returns the new numbers of the results that stay."""
    scan = plan.scan
    count = len(scan.carries)
    stay = [index for index in range(count) if index not in plan.sums]
    yields = [index for index in sorted(used) if index >= count and index not in plan.yields]
    for index in stay:
        draft.new[scan.carries[index].id] = draft.carry(operands[index])
    nexts = [scan.next_carries[index] for index in stay]
    kept = [scan.yields[index - count] for index in yields]
    needed = scan.body.ancestors([*nexts, *kept, *plan.frontier])
    for inner in scan.body:
        if inner.id in needed and inner.id not in draft.new:
            draft.new[inner.id] = enter(draft, batch, inner) if inner.op == "input" else draft.copy(inner)
    places = {index: draft.next_carry(draft.new[inner.id]) for index, inner in zip(stay, nexts, strict=True)}
    places.update(
        {index: draft.stack(draft.new[inner.id]) for index, inner in zip(yields, kept, strict=True)}
    )
    return places


def _stack_frontier(
    g: Builder, draft: ScanDraft, batch: Batcher, plan: SinkPlan, places: dict[int, int], results: Results
) -> None:
    stacked = [(inner, draft.stack(draft.new[inner.id])) for inner in plan.frontier]
    new = draft.finish(g)
    for index, place in places.items():
        results[index] = g.item(new, index=place)
    for inner, place in stacked:
        batch.add(inner, g.item(new, index=place))


def _gathered(batch: Batcher, initial: Node, terms: tuple[Term, ...]) -> Node:
    """The final value of a carry that only gathers."""
    result = initial
    for term in terms:
        result = batch.g.apply("add" if term.sign > 0 else "sub", result, total(batch, term.node))
    return result
